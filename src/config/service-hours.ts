/** Service hours and holidays as people write them: `always`, or `{mon-fri: "08:00-18:00", sat: "09:00-12:00, 13:00-17:00"}`. */
import { z } from 'zod';
import { err, ok, type Result } from '../core/result.ts';
import type { DayHours, ServiceHours, Weekday } from '../core/sla/contract.ts';
import { fieldProblem } from './problem.ts';

const weekdays: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const howHours = 'write parts of one day like "08:00-18:00" or "09:00-12:00, 13:00-17:00", or "closed"';

/** The parts of one day, in order. */
export function parseDayHours(text: string): Result<readonly DayHours[], string> {
  if (text.trim() === 'closed') return ok([]);
  const parts: DayHours[] = [];
  for (const part of text.split(',')) {
    const [, fromHour, fromMinute, toHour, toMinute] = /^\s*(\d\d):(\d\d)-(\d\d):(\d\d)\s*$/.exec(part) ?? [];
    if (fromHour === undefined || Number(fromMinute) > 59 || Number(toMinute) > 59)
      return err(`"${part.trim()}" is not a part of a day`);
    const hours = {
      fromMinute: Number(fromHour) * 60 + Number(fromMinute),
      toMinute: Number(toHour) * 60 + Number(toMinute),
    };
    if (hours.toMinute > 24 * 60) return err(`"${part.trim()}" ends after 24:00`);
    if (hours.fromMinute >= hours.toMinute)
      return err(`"${part.trim()}" ends before it begins: hours over midnight are two parts, one on each day`);
    if ((parts.at(-1)?.toMinute ?? 0) > hours.fromMinute) return err(`"${text}" overlaps or is not in order`);
    parts.push(hours);
  }
  return ok(parts);
}

/** `mon-fri` is five days, `sat` one, `fri-mon` four. Null when it names no days. */
export function parseDays(text: string): readonly Weekday[] | null {
  const [first, last = first, ...more] = text.split('-') as Weekday[];
  const start = weekdays.indexOf(first as Weekday);
  const end = weekdays.indexOf(last as Weekday);
  if (start < 0 || end < 0 || more.length > 0) return null;
  const count = ((end - start + 7) % 7) + 1;
  return Array.from({ length: count }, (_, offset) => weekdays[(start + offset) % 7] as Weekday);
}

/** The hours of one day, in a contract's holidays. */
export const dayHours = () =>
  z.string().transform((text, context) => {
    const hours = parseDayHours(text);
    if (hours.ok) return hours.value;
    context.addIssue(fieldProblem(hours.error, howHours));
    return z.NEVER;
  });

export const serviceHours = () =>
  z
    .union([z.literal('always'), z.record(z.string(), z.string())], 'neither always nor hours per day')
    .transform((written, context): ServiceHours => {
      if (written === 'always') return { kind: 'always' };
      const days: Record<Weekday, readonly DayHours[]> = {
        mon: [],
        tue: [],
        wed: [],
        thu: [],
        fri: [],
        sat: [],
        sun: [],
      };
      const seen = new Set<Weekday>();
      for (const [key, text] of Object.entries(written)) {
        const named = parseDays(key);
        const hours = parseDayHours(text);
        const twice = named?.find((day) => seen.has(day));
        if (named === null)
          context.addIssue(fieldProblem(`"${key}" names no days`, 'write a day or a range: mon, sat, mon-fri', [key]));
        else if (!hours.ok) context.addIssue(fieldProblem(hours.error, howHours, [key]));
        else if (twice !== undefined)
          context.addIssue(fieldProblem(`${twice} has hours already`, 'give each day once', [key]));
        else
          for (const day of named) {
            seen.add(day);
            days[day] = hours.value;
          }
      }
      return { kind: 'weekly', days };
    });
