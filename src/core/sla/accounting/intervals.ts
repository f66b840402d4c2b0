/**
 * Sets of instants, as half-open intervals of integer milliseconds since the epoch: sorted, disjoint, none empty, none
 * touching the next. Every operation takes and gives such sets, in time linear in their sizes.
 */
import type { Ms } from '../../units.ts';

export interface Interval {
  /** The first instant that is in it. */
  readonly from: number;
  /** The first instant that is not in it any more. */
  readonly to: number;
}

export type Intervals = readonly Interval[];

/** The set of whatever lies in one of `parts`, which may be in any order, overlap and be empty. */
export function unionOf(parts: readonly Interval[]): Intervals {
  const union: { from: number; to: number }[] = [];
  let last: { from: number; to: number } | undefined;
  for (const { from, to } of inOrder(parts)) {
    if (from >= to) continue;
    if (last === undefined || from > last.to) {
      last = { from, to };
      union.push(last);
    } else if (to > last.to) last.to = to;
  }
  return union;
}

/** By their beginning. Most come so, and to see that costs less than to sort them. */
export function inOrder<T extends Interval>(parts: readonly T[]): readonly T[] {
  let before = -Infinity;
  for (const { from } of parts) {
    if (from < before) return parts.toSorted((one, other) => one.from - other.from);
    before = from;
  }
  return parts;
}

export function intersection(one: Intervals, other: Intervals): Intervals {
  const both: Interval[] = [];
  const [first, last] = [other[0], other.at(-1)];
  if (first === undefined || last === undefined) return both;
  let at = firstBeyond(one, first.from);
  const begins = one[at];
  let beside = begins === undefined ? other.length : firstBeyond(other, begins.from);
  for (let mine = begins; mine !== undefined && mine.from < last.to; mine = one[++at]) {
    for (let theirs = other[beside]; theirs !== undefined && theirs.from < mine.to; theirs = other[beside]) {
      const from = Math.max(mine.from, theirs.from);
      const to = Math.min(mine.to, theirs.to);
      if (from < to) both.push({ from, to });
      // What reaches further may meet the next one too.
      if (theirs.to > mine.to) break;
      beside += 1;
    }
  }
  return both;
}

/** The index of the first one that ends after `instant`: a month of many years is found without reading the years. */
function firstBeyond(intervals: Intervals, instant: number): number {
  let [low, high] = [0, intervals.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((intervals[middle]?.to ?? Infinity) > instant) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** What of `whole` is not in `gone`. */
export function difference(whole: Intervals, gone: Intervals): Intervals {
  const left: Interval[] = [];
  let beside = 0;
  for (const { from, to } of whole) {
    let at = from;
    for (let part = gone[beside]; part !== undefined && part.from < to; part = gone[beside]) {
      if (part.from > at) left.push({ from: at, to: part.from });
      at = Math.max(at, part.to);
      if (part.to > to) break;
      beside += 1;
    }
    if (at < to) left.push({ from: at, to });
  }
  return left;
}

/** The earliest part of `whole` that is no longer than `limitMs`. */
export function earliest(whole: Intervals, limitMs: Ms): Intervals {
  const part: Interval[] = [];
  let leftMs = limitMs;
  for (const { from, to } of whole) {
    if (leftMs <= 0) break;
    part.push({ from, to: Math.min(to, from + leftMs) });
    leftMs -= to - from;
  }
  return part;
}

export const lengthMs = (intervals: Intervals): Ms => intervals.reduce((sum, { from, to }) => sum + to - from, 0);
