import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  difference,
  earliest,
  type Interval,
  type Intervals,
  intersection,
  lengthMs,
  unionOf,
} from '../../../../src/core/sla/accounting/intervals.ts';

const spanMax = 40;
const parts = fc.array(
  fc
    .tuple(fc.integer({ min: 0, max: spanMax }), fc.integer({ min: 0, max: 9 }))
    .map(([from, length]): Interval => ({ from, to: from + length })),
  { maxLength: 8 },
);
const has = (intervals: readonly Interval[], instant: number) =>
  intervals.some(({ from, to }) => from <= instant && instant < to);
const instants = Array.from({ length: spanMax + 12 }, (_, at) => at - 1);

function inOrder(intervals: Intervals): boolean {
  return intervals.every(({ from, to }, index) => from < to && from > (intervals[index - 1]?.to ?? -Infinity));
}

describe('sets of instants', () => {
  test('are sorted, disjoint and without empty parts, and contain what they should', () => {
    fc.assert(
      fc.property(parts, parts, (some, others) => {
        const [one, other] = [unionOf(some), unionOf(others)];
        const [both, rest] = [intersection(one, other), difference(one, other)];
        for (const each of [one, other, both, rest]) expect(inOrder(each)).toBe(true);
        for (const instant of instants) {
          expect(has(one, instant)).toBe(has(some, instant));
          expect(has(both, instant)).toBe(has(one, instant) && has(other, instant));
          expect(has(rest, instant)).toBe(has(one, instant) && !has(other, instant));
        }
        expect(lengthMs(both) + lengthMs(rest)).toBe(lengthMs(one));
      }),
    );
  });

  test('have an earliest part of any length', () => {
    fc.assert(
      fc.property(parts, fc.integer({ min: 0, max: 60 }), (some, limitMs) => {
        const whole = unionOf(some);
        const part = earliest(whole, limitMs);
        expect(lengthMs(part)).toBe(Math.min(limitMs, lengthMs(whole)));
        const rest = difference(whole, part);
        expect(rest.length === 0 || part.length === 0 || (part.at(-1)?.to ?? 0) <= (rest[0]?.from ?? 0)).toBe(true);
      }),
    );
  });
});
