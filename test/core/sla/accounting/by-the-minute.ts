/**
 * The accounting once more, slow and obvious: every minute is looked at by itself, the wall clock is asked of
 * Intl, and nothing is shared with the code under test. All instants must be whole minutes.
 */
import type { Contract, Weekday } from '../../../../src/core/sla/contract.ts';
import type { Maintenance } from '../../../../src/core/sla/accounting/exclusion.ts';
import type { Interval } from '../../../../src/core/sla/accounting/intervals.ts';
import type { OutageRow } from '../../../../src/core/sla/accounting/outage-row.ts';
import { minute } from '../../../../src/core/units.ts';

interface Local {
  readonly date: string;
  readonly month: string;
  readonly weekday: Weekday;
  readonly minuteOfDay: number;
}

const weekdays: readonly Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const formats = new Map<string, Intl.DateTimeFormat>();
const known = new Map<string, Local>();

function localAt(timeZone: string, at: number): Local {
  const key = `${timeZone} ${at}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const format =
    formats.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  formats.set(timeZone, format);
  // Swedes write 2008-03-30 01:59.
  const [date = '', time = ''] = format.format(at).split(' ');
  const [hour = 0, minutes = 0] = time.split(':').map(Number);
  const weekday = weekdays[new Date(`${date}T00:00:00Z`).getUTCDay()] ?? 'sun';
  const local = { date, month: date.slice(0, 7), weekday, minuteOfDay: hour * 60 + minutes };
  known.set(key, local);
  return local;
}

function isInHours({ serviceHours, holidays, timeZone }: Contract, at: number): boolean {
  const { date, weekday, minuteOfDay } = localAt(timeZone, at);
  const ofTheDay = holidays.find((holiday) => holiday.date === date)?.hours;
  if (serviceHours.kind === 'always' && ofTheDay === undefined) return true;
  const hours = ofTheDay ?? (serviceHours.kind === 'always' ? [] : serviceHours.days[weekday]);
  return hours.some(({ fromMinute, toMinute }) => fromMinute <= minuteOfDay && minuteOfDay < toMinute);
}

const covers = ({ from, to }: Interval, at: number) => from <= at && at < to;

/** One site at one moment; null: nobody measured it. */
function seenAt(rows: readonly OutageRow[], site: string, at: number): 'up' | 'degraded' | 'down' | null {
  const seen = rows.filter((row) => covers(row, at) && (row.sites === null || row.sites.includes(site)));
  const of = (by: OutageRow['by']) => seen.filter((row) => row.by === by);
  const believed = [of('person'), of('observer'), seen].find((some) => some.length > 0) ?? [];
  const says = (...states: readonly OutageRow['state'][]) => believed.some(({ state }) => states.includes(state));
  const away = says('down', 'planned');
  if (away && (believed !== seen || !says('up', 'degraded'))) return 'down';
  if (says('degraded')) return 'degraded';
  return says('up') ? 'up' : null;
}

export interface Minutes {
  service: number;
  elapsed: number;
  up: number;
  degraded: number;
  counted: number;
  excluded: number;
  unmeasured: number;
}

export function countMinutes(
  contract: Contract,
  asked: Interval,
  { rows, maintenance, asOf }: { rows: readonly OutageRow[]; maintenance: readonly Maintenance[]; asOf: number },
): Minutes {
  const sums = { service: 0, elapsed: 0, up: 0, degraded: 0, counted: 0, excluded: 0, unmeasured: 0 };
  const rules = contract.exclusions.maintenance;
  const usedInMonth = new Map<string, number>();
  const firstMonth = localAt(contract.timeZone, asked.from).month;
  const mayLapse = (at: number) =>
    rules !== null &&
    maintenance.some(
      (each) =>
        covers(each, at) &&
        each.from - each.announcedAt >= rules.noticeDays * 24 * 60 * minute &&
        (each.cancelledAt === null || at < each.cancelledAt),
    );
  // The cap is used up from the beginning of the month, but not before anything was down.
  const firstRow = Math.min(asked.from, ...rows.map(({ from }) => from));
  let begin = asked.from;
  while (begin > firstRow && localAt(contract.timeZone, begin - minute).month === firstMonth) begin -= minute;
  for (let at = begin; at < asked.to; at += minute) {
    const sites = contract.sites.map((site) => seenAt(rows, site, at));
    const down = sites.includes('down');
    if (at < asked.from && !down) continue;
    if (!isInHours(contract, at)) continue;
    let passes = false;
    if (down && mayLapse(at)) {
      const { month } = localAt(contract.timeZone, at);
      const used = usedInMonth.get(month) ?? 0;
      passes = (used + 1) * minute <= (rules?.capMsPerMonth ?? 0);
      if (passes) usedInMonth.set(month, used + 1);
    }
    if (at < asked.from) continue;
    sums.service += 1;
    if (at >= asOf) continue;
    sums.elapsed += 1;
    if (passes) sums.excluded += 1;
    else if (down) sums.counted += 1;
    else if (sites.includes('degraded')) sums.degraded += 1;
    else if (sites.includes('up')) sums.up += 1;
    else sums.unmeasured += 1;
  }
  return sums;
}
