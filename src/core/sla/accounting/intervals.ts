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
export function unionOf(parts: Iterable<Interval>): Intervals {
  const sorted = [...parts].filter(({ from, to }) => from < to).toSorted((one, other) => one.from - other.from);
  const union: Interval[] = [];
  for (const { from, to } of sorted) {
    const last = union.at(-1);
    if (last === undefined || from > last.to) union.push({ from, to });
    else if (to > last.to) union[union.length - 1] = { from: last.from, to };
  }
  return union;
}

export function intersection(one: Intervals, other: Intervals): Intervals {
  const both: Interval[] = [];
  let beside = 0;
  for (const mine of one) {
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
