import type { Ms } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';

/** Something that many may wait for, each with its own bound; a signal wakes all that wait now and is then forgotten. */
export class Signalled {
  readonly #waiting = new Set<() => void>();

  signal(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves at the next signal, after `limitMs`, or when the signal aborts; never rejects. */
  wait(clock: Clock, limitMs: Ms, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        cancel();
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const cancel = clock.timer(limitMs, wake);
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
