/** The startup process of a standby: applies what is durable, a moment later, unless it is paused. */
import type { Clock } from '../../../src/ports/clock.ts';
import type { SimDirectory } from './directory.ts';
import type { Random } from '../clock/random.ts';

/** The control file is brought up to date once so many records were applied. */
const vouchEvery = 16;

export class Replay {
  /** Records applied. */
  count = 0;
  paused = false;
  #busy = false;
  readonly #dir: SimDirectory;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #on: { may(): boolean; done(): void };

  constructor(dir: SimDirectory, clock: Clock, random: Random, on: { may(): boolean; done(): void }) {
    this.#dir = dir;
    this.#clock = clock;
    this.#random = random;
    this.#on = on;
  }

  setPaused(paused: boolean): void {
    this.paused = paused;
    if (!paused) this.soon();
  }

  soon(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#clock.timer(this.#random.between(0.2, 3), () => {
      this.#busy = false;
      if (this.paused || !this.#on.may()) return;
      this.count = this.#dir.flushed;
      if (this.count > this.#dir.minRecoveryEnd + vouchEvery) this.#dir.minRecoveryEnd = this.count;
      this.#on.done();
    });
  }
}
