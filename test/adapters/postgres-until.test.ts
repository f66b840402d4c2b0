/** Waiting for a fact of PostgreSQL, on virtual time. */
import { describe, expect, test } from 'vitest';
import { SessionFailure } from '../../src/adapters/postgres/failure.ts';
import { until } from '../../src/adapters/postgres/until.ts';
import type { Ms } from '../../src/core/units.ts';
import { VirtualClock } from '../sim/clock/virtual-clock.ts';

/** A server that takes so long for each answer, and gives up when it is given less. */
const asker = (clock: VirtualClock, tookMs: Ms, answers: readonly (string | null)[]) => {
  let asked = 0;
  return async (leftMs: Ms) => {
    await clock.sleep(Math.min(tookMs, leftMs));
    if (leftMs < tookMs) throw new SessionFailure('timed-out', `no answer within ${Math.round(leftMs)} ms`);
    const answer = answers[Math.min(asked, answers.length - 1)] ?? null;
    asked += 1;
    return answer;
  };
};

async function outcome(tookMs: Ms, answers: readonly (string | null)[]): Promise<string> {
  const clock = new VirtualClock();
  const patience = { clock, limitMs: 1_000, everyMs: 5, signal: new AbortController().signal };
  const waiting = until(patience, asker(clock, tookMs, answers), () => 'it is not so').catch(
    (error: Error) => error.message,
  );
  await clock.runFor(5_000);
  return waiting;
}

describe('waiting for a fact', () => {
  test.each<[says: string, tookMs: Ms, answers: readonly (string | null)[], ends: string]>([
    ['ends with it', 300, [null, null, 'so'], 'so'],
    ['says what was missing, although the limit cut the last answer off', 300, [null], 'it is not so (waited 1000 ms)'],
    ['says that nothing was answered when nothing ever was', 2_000, [null], 'no answer within 1000 ms'],
  ])('%s', async (_says, tookMs, answers, ends) => {
    expect(await outcome(tookMs, answers)).toBe(ends);
  });
});
