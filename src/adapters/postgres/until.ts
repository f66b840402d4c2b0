/** Waiting for a fact: ask, and ask again soon, until it is so, the limit has passed or nobody wants to know any more. */
import { after, type Ms } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import { reasonOf } from './bounded.ts';
import { OperationFailure, SessionFailure } from './failure.ts';

export interface Patience {
  readonly clock: Clock;
  readonly limitMs: Ms;
  readonly everyMs: Ms;
  readonly signal: AbortSignal;
}

/** `ask` answers null while the fact is not there. `describe` says, for the error, what was still missing at the end. */
export async function until<T>(
  patience: Patience,
  ask: (leftMs: Ms) => Promise<T | null>,
  describe: () => string,
): Promise<T> {
  const { clock, signal } = patience;
  const deadline = after(clock.mono(), patience.limitMs);
  /** An answer that only the limit cut off says less than those before it did. */
  const cutOff = (failure: unknown): boolean =>
    failure instanceof SessionFailure && failure.outcome === 'timed-out' && deadline - clock.mono() < 1;
  for (let answered = false; ; answered = true) {
    if (signal.aborted) throw new OperationFailure(`aborted: ${reasonOf(signal)}`, true);
    const leftMs = deadline - clock.mono();
    if (leftMs <= 0) throw new OperationFailure(`${describe()} (waited ${patience.limitMs} ms)`, true);
    const answer = await ask(leftMs).catch((failure: unknown) => {
      if (answered && cutOff(failure)) return null;
      throw failure;
    });
    if (answer !== null) return answer;
    await clock.sleep(Math.min(patience.everyMs, Math.max(1, leftMs)), signal).catch(() => undefined);
  }
}
