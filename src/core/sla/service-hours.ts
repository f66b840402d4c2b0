/** How much of an interval a contract's service hours cover. Hours are of the local wall clock, lengths of real time. */
import type { Ms } from '../units.ts';
import { minute } from '../units.ts';
import type { Contract, DayHours, Weekday } from './contract.ts';

const DAY_MS = 24 * 60 * minute;
/** Longer intervals are counted up to here; an incident of ten years has other problems. */
const DAYS_MAX = 3660;
const WEEKDAYS: readonly Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

type Hours = Pick<Contract, 'timeZone' | 'serviceHours' | 'holidays'>;

/**
 * Milliseconds of the interval that begins at `fromWall` (ms since the epoch) and lasts `durationMs`, that fall into
 * service hours. Throws RangeError for a time zone that this system does not know (the configuration refuses those).
 */
export function serviceMs(contract: Hours, fromWall: number, durationMs: Ms): Ms {
  if (contract.serviceHours.kind === 'always') return durationMs;
  const offsetMs = offsetIn(contract.timeZone);
  const toWall = fromWall + durationMs;
  const firstDay = Math.floor((fromWall + offsetMs(fromWall)) / DAY_MS);
  const lastDay = Math.min(Math.floor((toWall + offsetMs(toWall)) / DAY_MS), firstDay + DAYS_MAX);
  let counted = 0;
  for (let day = firstDay; day <= lastDay; day += 1) {
    for (const { fromMinute, toMinute } of hoursOn(contract, day * DAY_MS)) {
      const opens = instantOf(day * DAY_MS + fromMinute * minute, offsetMs);
      const shuts = instantOf(day * DAY_MS + toMinute * minute, offsetMs);
      counted += Math.max(0, Math.min(shuts, toWall) - Math.max(opens, fromWall));
    }
  }
  return counted;
}

/** `localMidnight`: the local date's midnight written as if it were UTC. */
function hoursOn({ serviceHours, holidays }: Hours, localMidnight: number): readonly DayHours[] {
  if (serviceHours.kind === 'always') return [{ fromMinute: 0, toMinute: 1440 }];
  const date = new Date(localMidnight);
  const holiday = holidays.find((day) => day.date === date.toISOString().slice(0, 10));
  const weekday = WEEKDAYS[date.getUTCDay()];
  return holiday?.hours ?? (weekday === undefined ? [] : serviceHours.days[weekday]);
}

/** A local time that a clock change leaves out is taken as if the clock had not changed yet. */
function instantOf(local: number, offsetMs: (wall: number) => Ms): number {
  const guess = local - offsetMs(local);
  return local - offsetMs(guess);
}

/** What the zone's clocks are ahead of UTC at an instant. */
function offsetIn(timeZone: string): (wall: number) => Ms {
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
  return (wall) => {
    const parts = new Map(format.formatToParts(wall).map(({ type, value }) => [type, Number(value)]));
    const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
    const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
    return local - Math.floor(wall / 1000) * 1000;
  };
}
