/**
 * When a contract's service hours are. An instant is inside them when the wall clock of the contract's zone shows an
 * hour that is: so a day on which the clocks change has an hour more or less of them, and lengths are of real time.
 */
import { dayMs, type Ms, minute } from '../../units.ts';
import type { Contract, DayHours, Weekday } from '../contract.ts';
import { type Interval, type Intervals, lengthMs, unionOf } from './intervals.ts';
import { zonePeriods } from './zone.ts';

const weekdays: readonly Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const wholeDay: readonly DayHours[] = [{ fromMinute: 0, toMinute: 24 * 60 }];
const everyDay: Readonly<Record<Weekday, readonly DayHours[]>> = {
  mon: wholeDay,
  tue: wholeDay,
  wed: wholeDay,
  thu: wholeDay,
  fri: wholeDay,
  sat: wholeDay,
  sun: wholeDay,
};

export type Hours = Pick<Contract, 'timeZone' | 'serviceHours' | 'holidays'>;

/** The service hours within `span`. Throws RangeError for a time zone that this system does not know. */
export function serviceTime(hours: Hours, span: Interval): Intervals {
  const { serviceHours, holidays: ofTheirOwn } = hours;
  if (serviceHours.kind === 'always' && ofTheirOwn.length === 0) return unionOf([span]);
  const days = serviceHours.kind === 'always' ? everyDay : serviceHours.days;
  const holidays = new Map(ofTheirOwn.map((holiday) => [holiday.date, holiday.hours]));
  const parts: Interval[] = [];
  for (const { from, to, offsetMs } of zonePeriods(hours.timeZone, span)) {
    // Local time written as if it were UTC: in a period it runs as fast as real time.
    const [localFrom, localTo] = [from + offsetMs, to + offsetMs];
    for (let midnight = Math.floor(localFrom / dayMs) * dayMs; midnight < localTo; midnight += dayMs) {
      for (const { fromMinute, toMinute } of hoursOn(days, holidays, midnight)) {
        const opens = Math.max(midnight + fromMinute * minute, localFrom);
        const shuts = Math.min(midnight + toMinute * minute, localTo);
        parts.push({ from: opens - offsetMs, to: shuts - offsetMs });
      }
    }
  }
  return unionOf(parts);
}

/** How much of the interval that begins at `fromWall` (ms since the epoch) and lasts `durationMs` is in service hours. */
export const serviceMs = (hours: Hours, fromWall: number, durationMs: Ms): Ms =>
  lengthMs(serviceTime(hours, { from: fromWall, to: fromWall + durationMs }));

function hoursOn(
  days: Readonly<Record<Weekday, readonly DayHours[]>>,
  holidays: ReadonlyMap<string, readonly DayHours[]>,
  midnight: number,
): readonly DayHours[] {
  const date = new Date(midnight);
  const weekday = weekdays[date.getUTCDay()];
  return holidays.get(date.toISOString().slice(0, 10)) ?? (weekday === undefined ? [] : days[weekday]);
}
