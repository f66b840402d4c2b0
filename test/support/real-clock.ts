/** This process's own time, for tests of adapters on real processes. */
import { createSystemClock } from '../../src/adapters/system-clock.ts';
import type { Ms } from '../../src/core/units.ts';
import type { Clock } from '../../src/ports/clock.ts';

export const realClock: Clock = createSystemClock();

/** Polls for a fact; throws when it does not hold within `limitMs`. */
export async function until(fact: () => boolean, limitMs: Ms): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!fact()) {
    if (performance.now() > deadline) throw new Error(`not true within ${limitMs} ms: ${fact}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
