import type { Ms } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';

/** Resolves when `work` has ended, well or not, or after `limitMs`; then it goes on by itself. */
export async function within(clock: Clock, limitMs: Ms, work: Promise<unknown>): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const cancel = clock.timer(limitMs, () => ended.resolve());
  work.then(
    () => ended.resolve(),
    () => ended.resolve(),
  );
  await ended.promise;
  cancel();
}
