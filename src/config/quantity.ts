/** Values with a unit, as people write them: `250ms`, `5s`, `60m`, `1h`, `7d`; `512KiB`, `16MiB`; `3 in 10m`. */
import { z } from 'zod';
import { KiB, MiB, type Ms, minute, second } from '../core/units.ts';
import { fieldProblem } from './problem.ts';

const hour: Ms = 60 * minute;
const day: Ms = 24 * hour;
const unitMs = new Map<string, Ms>([
  ['ms', 1],
  ['s', second],
  ['m', minute],
  ['h', hour],
  ['d', day],
]);
const unitBytes = new Map<string, number>([
  ['B', 1],
  ['KiB', KiB],
  ['MiB', MiB],
  ['GiB', 1024 * MiB],
  ['TiB', 1024 * 1024 * MiB],
]);

/** Milliseconds; null when the text is no duration. Whole milliseconds only: `0.5s` is written `500ms`. */
export const parseDuration = (text: string): Ms | null => parseQuantity(text, unitMs);

/** Bytes; null when the text is no size. */
export const parseSize = (text: string): number | null => parseQuantity(text, unitBytes);

function parseQuantity(text: string, units: ReadonlyMap<string, number>): number | null {
  const [, digits, unit] = /^([0-9]{1,15}) ?([A-Za-z]+)$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : units.get(unit);
  if (digits === undefined || factor === undefined) return null;
  const value = Number(digits) * factor;
  return Number.isSafeInteger(value) ? value : null;
}

/** The largest unit that divides it: 90000 is `90s`. */
export const durationText = (value: Ms): string => quantityText(value, unitMs);
export const sizeText = (value: number): string => quantityText(value, unitBytes);

function quantityText(value: number, units: ReadonlyMap<string, number>): string {
  const [smallest = ''] = units.keys();
  const fitting = [...units].filter(([, factor]) => value >= factor && value % factor === 0).at(-1);
  return fitting === undefined ? `${value}${smallest}` : `${value / fitting[1]}${fitting[0]}`;
}

const written = z.union([z.string(), z.number()]);

/** A duration in milliseconds, both limits inclusive. */
export function duration(min: Ms, max: Ms) {
  const mend = `write a duration from ${durationText(min)} to ${durationText(max)}, like 250ms, 5s, 60m or 1h`;
  return written.transform((text, context) => {
    const value = parseDuration(String(text));
    if (value !== null && value >= min && value <= max) return value;
    const problem = value === null ? `"${text}" is not a duration` : `${text} is out of range`;
    context.addIssue(fieldProblem(problem, mend));
    return z.NEVER;
  });
}

/** A size in bytes, both limits inclusive. */
export function size(min: number, max: number) {
  const mend = `write a size from ${sizeText(min)} to ${sizeText(max)}, like 512KiB or 16MiB`;
  return written.transform((text, context) => {
    // Zero needs no unit.
    const value = text === 0 || text === '0' ? 0 : parseSize(String(text));
    if (value !== null && value >= min && value <= max) return value;
    const problem = value === null ? `"${text}" is not a size` : `${text} is out of range`;
    context.addIssue(fieldProblem(problem, mend));
    return z.NEVER;
  });
}

/** So many within so long: `3 in 10m`. */
export function budget() {
  return z.string().transform((text, context) => {
    const [, count, window] = /^([0-9]{1,3}) in (\S+)$/.exec(text) ?? [];
    const windowMs = window === undefined ? null : parseDuration(window);
    if (windowMs !== null && windowMs > 0 && Number(count) > 0) return { count: Number(count), windowMs };
    context.addIssue(fieldProblem(`"${text}" is not a budget`, 'write how many in how long, like 3 in 10m'));
    return z.NEVER;
  });
}
