import type { Ms } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';

/** Something that many may wait for, each with its own bound; a signal wakes all that wait now and is then forgotten. */
export class Signalled {
  readonly #clock: Clock;
  readonly #ends: AbortSignal;
  #waiting: (() => void)[] = [];

  /** Once `ends` aborts nobody waits any more. */
  constructor(clock: Clock, ends: AbortSignal) {
    this.#clock = clock;
    this.#ends = ends;
    ends.addEventListener('abort', () => this.signal(), { once: true });
  }

  signal(): void {
    const woken = this.#waiting;
    if (woken.length === 0) return;
    this.#waiting = [];
    for (const wake of woken) wake();
  }

  /** Resolves at the next signal, after `limitMs`, or when the scope ends; never rejects. */
  wait(limitMs: Ms): Promise<void> {
    if (this.#ends.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        cancel();
        resolve();
      };
      const cancel = this.#clock.timer(limitMs, () => {
        this.#waiting = this.#waiting.filter((each) => each !== wake);
        resolve();
      });
      this.#waiting.push(wake);
    });
  }
}
