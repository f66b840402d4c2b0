/** How near misses are told: the closest first of all, many alike as one, and how much of the limit was used up. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { merged, type NearMiss, signsText, sumOf, usedPercent } from '../../../../src/core/sla/near-miss/near-miss.ts';
import {
  emptyNearMissLog,
  gathered,
  togetherMs,
  waitingIn,
  withNearMiss,
} from '../../../../src/core/sla/near-miss/near-miss-log.ts';
import { monoMs, wallMs } from '../../../../src/core/units.ts';
import { nearMissRecord, parseNearMiss } from '../../../../src/wire/near-miss.ts';
import { aMiss, morning } from './a-near-miss.ts';

describe('several near misses alike', () => {
  const later = aMiss({
    at: wallMs(morning + 9_000),
    from: wallMs(morning + 9_000),
    until: wallMs(morning + 9_400),
    lastedMs: 400,
    longestMs: 400,
    headroomMs: 1_100,
    closestAfterMs: 400,
  });

  test.each([
    ['in order', aMiss(), later],
    ['the other way round', later, aMiss()],
  ])('are one with their count, the closest of them and the longest (%s)', (_says, one, other) => {
    expect(merged(one, other)).toEqual({ ...aMiss(), count: 2, until: wallMs(morning + 9_400) });
  });

  test('where one was on the way to a failure, that is the closest', () => {
    const never = aMiss({ rule: null, headroomMs: null, closestAfterMs: null, lastedMs: 60_000, longestMs: 60_000 });
    expect(merged(never, later)).toMatchObject({ headroomMs: 1_100, longestMs: 60_000, lastedMs: 400 });
    expect(merged(never, { ...never, lastedMs: 70_000 }).lastedMs).toBe(70_000);
  });
});

test('what was used up is told in percent of the time until a failure would have been declared', () => {
  const percent = (closestAfterMs: number | null, headroomMs: number | null) =>
    usedPercent({ closestAfterMs, headroomMs });
  expect([percent(1_200, 300), percent(0, 1_500), percent(90, 0), percent(0, 0), percent(null, null)]).toEqual([
    80,
    0,
    100,
    100,
    null,
  ]);
  expect(signsText(aMiss({ signs: ['postgres-timed-out', 'of a later version'] }))).toBe(
    'probes of postgres timed out, of a later version',
  );
});

test('a span has the sum of those that were over within it', () => {
  const span = { from: morning, to: morning + 60_000 };
  const misses = [
    aMiss({ count: 4 }),
    aMiss({ headroomMs: 90, rule: 'take-over' }),
    aMiss({ headroomMs: null, rule: null }),
    aMiss({ until: wallMs(morning - 1), headroomMs: 1 }),
  ];
  expect(sumOf(misses, span)).toEqual({ count: 6, smallestHeadroomMs: 90, rule: 'take-over' });
  expect(sumOf([], span)).toEqual({ count: 0, smallestHeadroomMs: null, rule: null });
});

describe('what is written down', () => {
  test('is the first of a sort at once, and those alike that follow as one, when the time is over', () => {
    const first = withNearMiss(emptyNearMissLog, aMiss(), monoMs(0));
    expect(first.due).toHaveLength(1);
    const second = withNearMiss(first.log, aMiss({ headroomMs: 200 }), monoMs(1_000));
    const third = withNearMiss(second.log, aMiss(), monoMs(2_000));
    expect([second.due, third.due, waitingIn(third.log)]).toEqual([[], [], [aMiss({ headroomMs: 200, count: 2 })]]);
    expect(gathered(third.log, monoMs(togetherMs - 1)).due).toEqual([]);
    expect(gathered(third.log, monoMs(togetherMs)).due).toEqual([aMiss({ headroomMs: 200, count: 2 })]);
  });

  test('after a quiet stretch the next is written down at once again', () => {
    const first = withNearMiss(emptyNearMissLog, aMiss(), monoMs(0));
    const { log } = gathered(first.log, monoMs(togetherMs));
    expect(withNearMiss(log, aMiss(), monoMs(togetherMs + 1)).due).toHaveLength(1);
  });

  test('is never more than a bad night is worth, and counts every single one', () => {
    const misses = fc.array(
      fc.record({
        gapMs: fc.integer({ min: 0, max: 60_000 }),
        rule: fc.constantFrom('fence-hung', 'take-over', null),
        about: fc.constantFrom(...'abcdefghijklmnop'),
      }),
      { maxLength: 400 },
    );
    fc.assert(
      fc.property(misses, (steps) => {
        let log = emptyNearMissLog;
        let nowMono = 0;
        const written: NearMiss[] = [];
        for (const { gapMs, rule, about } of steps) {
          nowMono += gapMs;
          const step = withNearMiss(log, aMiss({ rule, about }), monoMs(nowMono));
          log = step.log;
          written.push(...step.due);
        }
        const counted = [...written, ...waitingIn(log)].reduce((sum, { count }) => sum + count, 0);
        expect(counted).toBe(steps.length);
        // 32 sorts are told apart, each with one at once and one for each stretch.
        expect(written.length).toBeLessThanOrEqual(32 * (1 + Math.ceil(nowMono / togetherMs)) + 32);
      }),
      { numRuns: 60 },
    );
  });

  test('is read back as it was', () => {
    const miss = aMiss({ signs: ['stream-gone', 'writes-fail'], count: 3 });
    const { key, value } = nearMissRecord(miss);
    expect(key).toBe('near-misses/20080424-091001200-a-leader-fence-hung');
    expect(parseNearMiss(JSON.parse(JSON.stringify({ key, value })))).toEqual({ ...miss, v: 1 });
    expect(parseNearMiss({ key, value: { ...value, count: 0 } })).toBeNull();
  });
});
