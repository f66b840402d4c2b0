/** A wait for something that cannot be cancelled: it is given up, and what it held is let go. */
import type { Ms } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import { SessionFailure } from './failure.ts';

/**
 * Settles as `work` does, unless the limit passes or the signal aborts first: then calls `giveUp` (which must make the
 * work end) and rejects with a SessionFailure that says which of the two it was.
 */
export function bounded<T>(
  clock: Clock,
  limitMs: Ms,
  signal: AbortSignal | undefined,
  work: Promise<T>,
  giveUp: () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (failure: SessionFailure) => {
      release();
      giveUp();
      reject(failure);
    };
    const onAbort = () => stop(new SessionFailure('aborted', `aborted: ${reasonOf(signal)}`));
    const cancelTimer = clock.timer(Math.max(0, limitMs), () =>
      stop(new SessionFailure('timed-out', `no answer within ${Math.round(limitMs)} ms`)),
    );
    const release = () => {
      cancelTimer();
      signal?.removeEventListener('abort', onAbort);
    };
    work.then(
      (value) => {
        release();
        resolve(value);
      },
      (error) => {
        release();
        reject(error);
      },
    );
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

export const reasonOf = (signal: AbortSignal | undefined): string =>
  signal?.reason instanceof Error ? signal.reason.message : String(signal?.reason ?? 'no longer wanted');
