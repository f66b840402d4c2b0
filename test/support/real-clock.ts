/** This process's own time, for tests of adapters on real processes. */
import { monoMs, type Ms, wallMs } from '../../src/core/units.ts';
import type { Clock } from '../../src/ports/clock.ts';

export const realClock: Clock = {
  mono: () => monoMs(performance.now()),
  boot: () => monoMs(performance.now()),
  wall: () => wallMs(Date.now()),
  timer: (durationMs, action) => {
    const timer = setTimeout(action, durationMs);
    return () => clearTimeout(timer);
  },
  sleep: (durationMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const aborted = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', aborted);
        resolve();
      }, durationMs);
      signal?.addEventListener('abort', aborted, { once: true });
    }),
  timeout: (limitMs) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException(`nothing within ${limitMs} ms`, 'TimeoutError')), limitMs);
    return controller.signal;
  },
};

/** Polls for a fact; throws when it does not hold within `limitMs`. */
export async function until(fact: () => boolean, limitMs: Ms): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!fact()) {
    if (performance.now() > deadline) throw new Error(`not true within ${limitMs} ms: ${fact}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
