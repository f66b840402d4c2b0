/** The process that makes waiting for standbys begin and end, and that looks at nothing while it is busy. */
import type { Ms } from '../../src/core/units.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Random } from './random.ts';

export class Checkpointer {
  #deafUntil = 0;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #look: () => void;

  constructor(clock: Clock, random: Random, look: () => void) {
    this.#clock = clock;
    this.#random = random;
    this.#look = look;
  }

  /** After a reload; one in seven finds it in the middle of something long. */
  reloaded(): void {
    if (this.#random.chance(0.15)) this.#deafUntil = this.#clock.mono() + this.#random.between(50, 2_500);
    this.looksAfter(this.#random.between(5, 30));
  }

  looksAfter(ms: Ms): void {
    this.#clock.timer(Math.max(ms, this.#deafUntil - this.#clock.mono() + 1), () => {
      if (this.#clock.mono() < this.#deafUntil) this.looksAfter(1);
      else this.#look();
    });
  }

  /** An immediate checkpoint. */
  checkpoint(done: () => void): void {
    const takesMs = this.#random.chance(0.1) ? this.#random.between(100, 800) : this.#random.between(5, 60);
    this.#deafUntil = Math.max(this.#deafUntil, this.#clock.mono() + takesMs);
    this.#clock.timer(takesMs, done);
  }
}
