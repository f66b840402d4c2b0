/** Notices that the machine was suspended: CLOCK_BOOTTIME counts that time, CLOCK_MONOTONIC does not. */
import { suspendMinMs } from '../core/guardian-state.ts';
import type { MonoMs, Ms } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';

export class SuspendWatch {
  readonly #clock: Clock;
  #baseMs: Ms;
  #seenMono: MonoMs | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#baseMs = this.aheadMs();
  }

  /** Boot clock minus monotonic clock: within the resolution of the former (10 ms) it only grows by suspends. */
  aheadMs(): Ms {
    return this.#clock.boot() - this.#clock.mono();
  }

  /** When the newest suspend was noticed. To be asked at every turn of the loop. */
  look(): MonoMs | null {
    const aheadMs = this.aheadMs();
    if (aheadMs - this.#baseMs > suspendMinMs) {
      this.#baseMs = aheadMs;
      this.#seenMono = this.#clock.mono();
    }
    return this.#seenMono;
  }
}
