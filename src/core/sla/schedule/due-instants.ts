/**
 * The instants at which a schedule is due. A schedule that names hours is due once a day at each of them: a time that the
 * clocks skip is due when they have skipped it, and one that they show twice is due the first time. A schedule of every
 * hour follows real time, whatever the clocks show.
 */
import { dayMs, type Ms, minute, second } from '../../units.ts';
import { type ZonePeriod, zonePeriods } from '../accounting/zone.ts';
import type { CronFields, Schedule } from './schedule.ts';

const hourMs: Ms = 60 * minute;

/**
 * Those later than `after` and not later than `until`, both in ms since the epoch; the oldest `max` of them. Throws
 * RangeError for a time zone that this system does not know.
 */
export function dueInstants(
  { fields, timeZone }: Schedule,
  after: number,
  until: number,
  max: number,
): readonly number[] {
  if (until <= after) return [];
  const periods = zonePeriods(timeZone, { from: after - dayMs, to: until + dayMs });
  const everyHour = fields.hours.length === 24;
  const offsets = periods.map(({ offsetMs }) => offsetMs);
  const [behindMs, aheadMs] = [Math.min(...offsets), Math.max(...offsets)];
  const found = new Set<number>();
  for (const midnight of localDays(periods)) {
    // A later day holds nothing older.
    if (found.size >= max) break;
    if (!isDueOn(fields, midnight)) continue;
    for (const hour of fields.hours) {
      const begins = midnight + hour * hourMs;
      if (begins + hourMs - behindMs <= after || begins - aheadMs > until) continue;
      for (const local of momentsOf(fields, begins))
        for (const at of instantsOf(local, periods, everyHour)) if (at > after && at <= until) found.add(at);
    }
  }
  return [...found].toSorted((one, other) => one - other).slice(0, max);
}

function* momentsOf({ minutes, seconds }: CronFields, hourBegins: number): Generator<number> {
  for (const min of minutes) for (const sec of seconds) yield hourBegins + min * minute + sec * second;
}

/** The local midnights of the days that the periods touch, as if local time were UTC. */
function* localDays(periods: readonly ZonePeriod[]): Generator<number> {
  const [first, last] = [periods.at(0), periods.at(-1)];
  if (first === undefined || last === undefined) return;
  const end = last.to + last.offsetMs;
  for (let day = Math.floor((first.from + first.offsetMs) / dayMs) * dayMs; day < end; day += dayMs) yield day;
}

function isDueOn({ daysOfMonth, months, daysOfWeek }: CronFields, midnight: number): boolean {
  const date = new Date(midnight);
  return (
    months.includes(date.getUTCMonth() + 1) &&
    daysOfMonth.includes(date.getUTCDate()) &&
    daysOfWeek.includes(date.getUTCDay())
  );
}

function instantsOf(local: number, periods: readonly ZonePeriod[], all: boolean): readonly number[] {
  const shown = periods.flatMap(({ from, to, offsetMs }) => {
    const at = local - offsetMs;
    return at >= from && at < to ? [at] : [];
  });
  if (all) return shown;
  if (shown.length > 0) return shown.slice(0, 1);
  // The clocks went past it: between the end of one period and the beginning of the next.
  const skipped = periods.find(
    ({ from, offsetMs }, index) =>
      index > 0 && from + offsetMs > local && from + (periods[index - 1]?.offsetMs ?? 0) <= local,
  );
  return skipped === undefined ? [] : [skipped.from];
}
