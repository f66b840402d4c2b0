/** What a time zone makes of instants, by the rules that Intl knows: when its clocks change, and when its months begin. */
import { dayMs, type Ms } from '../../units.ts';
import type { Interval } from './intervals.ts';

/** A stretch of time in which the clocks of a zone do not change. */
export interface ZonePeriod extends Interval {
  /** What they are ahead of UTC. */
  readonly offsetMs: Ms;
}

/** A calendar month as people write it, `2008-04`. */
export type MonthText = string;

export const isMonth = (text: string): boolean => /^(19|2\d)\d\d-(0[1-9]|1[0-2])$/.test(text);

/** The periods that make up `span`, in order. Throws RangeError for a zone that this system does not know. */
export function zonePeriods(timeZone: string, { from, to }: Interval): readonly ZonePeriod[] {
  const periods: ZonePeriod[] = [];
  for (let year = yearOf(from); from < to && year <= yearOf(to - 1); year += 1) {
    for (const period of periodsOfYear(timeZone, year)) {
      const part = { from: Math.max(from, period.from), to: Math.min(to, period.to), offsetMs: period.offsetMs };
      const before = periods.at(-1);
      if (part.from >= part.to) continue;
      if (before?.offsetMs === part.offsetMs) periods[periods.length - 1] = { ...before, to: part.to };
      else periods.push(part);
    }
  }
  return periods;
}

const yearOf = (at: number): number => new Date(at).getUTCFullYear();

/** By zone and year (UTC): to ask Intl costs more than everything that is made of it. */
const periodsKnown = new Map<string, readonly ZonePeriod[]>();
const periodsKnownMax = 5_000;

function periodsOfYear(timeZone: string, year: number): readonly ZonePeriod[] {
  const key = `${year} ${timeZone}`;
  const known = periodsKnown.get(key);
  if (known !== undefined) return known;
  const periods = periodsSeen(offsetIn(timeZone), { from: Date.UTC(year, 0), to: Date.UTC(year + 1, 0) });
  if (periodsKnown.size >= periodsKnownMax) periodsKnown.clear();
  periodsKnown.set(key, periods);
  return periods;
}

function periodsSeen(offsetMs: (at: number) => Ms, { from, to }: Interval): readonly ZonePeriod[] {
  const periods: ZonePeriod[] = [];
  let period = { from, offsetMs: offsetMs(from) };
  for (let at = from; at < to; ) {
    // No zone has changed its clocks twice within a day.
    const next = Math.min(at + dayMs, to);
    if (offsetMs(next) !== period.offsetMs) {
      const changes = changeBetween(at, next, offsetMs);
      if (changes > period.from) periods.push({ ...period, to: changes });
      period = { from: changes, offsetMs: offsetMs(changes) };
    }
    at = next;
  }
  if (period.from < to) periods.push({ ...period, to });
  return periods;
}

/** The first instant of `(before, after]` at which the offset is another one than at `before`. */
function changeBetween(before: number, after: number, offsetMs: (at: number) => Ms): number {
  const offsetBefore = offsetMs(before);
  let [same, other] = [before, after];
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (offsetMs(middle) === offsetBefore) same = middle;
    else other = middle;
  }
  return other;
}

/** The calendar month of a zone: it begins with the first instant whose local date is in it. */
export function monthSpan(timeZone: string, month: MonthText): Interval {
  return { from: beginning(timeZone, month), to: beginning(timeZone, monthAfter(month)) };
}

function beginning(timeZone: string, month: MonthText): number {
  const midnight = Date.parse(`${month}-01T00:00:00Z`);
  // No zone is more than a day away from UTC.
  const around = { from: midnight - dayMs, to: midnight + dayMs };
  for (const { from, to, offsetMs } of zonePeriods(timeZone, around)) {
    const at = Math.max(from, midnight - offsetMs);
    if (at < to) return at;
  }
  throw new RangeError(`no month begins on ${month}-01 in ${timeZone}`);
}

/** The calendar months of a zone that `span` touches, in order. */
export function monthsOf(timeZone: string, { from, to }: Interval): readonly MonthText[] {
  const monthAt = (at: number) => new Date(at + offsetAt(timeZone, at)).toISOString().slice(0, 7);
  const months: MonthText[] = [];
  if (from >= to) return months;
  const last = monthAt(to - 1);
  for (let month = monthAt(from); month <= last; month = monthAfter(month)) months.push(month);
  return months;
}

/** `at` may be between two milliseconds. */
const offsetAt = (timeZone: string, at: number): Ms =>
  zonePeriods(timeZone, { from: Math.floor(at), to: Math.floor(at) + 1 })[0]?.offsetMs ?? 0;

function monthAfter(month: MonthText): MonthText {
  const date = new Date(`${month}-01T00:00:00Z`);
  date.setUTCMonth(date.getUTCMonth() + 1);
  return date.toISOString().slice(0, 7);
}

/** What the zone's clocks are ahead of UTC at an instant. */
function offsetIn(timeZone: string): (at: number) => Ms {
  const format = formatOf(timeZone);
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
    const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
    return local - Math.floor(at / 1000) * 1000;
  };
}

/** A format costs more to make than all that is asked of it; there are some six hundred zones at most. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(timeZone, format);
  return format;
}
