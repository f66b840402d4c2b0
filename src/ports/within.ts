import type { Ms } from '../core/units.ts';
import type { Clock } from './clock.ts';

/** Resolves when `work` has ended, well or not (true), or after `limitMs` (false); then it goes on by itself. */
export async function within(clock: Clock, limitMs: Ms, work: Promise<unknown>): Promise<boolean> {
  const ended = Promise.withResolvers<boolean>();
  const cancel = clock.timer(limitMs, () => ended.resolve(false));
  work.then(
    () => ended.resolve(true),
    () => ended.resolve(true),
  );
  const inTime = await ended.promise;
  cancel();
  return inTime;
}
