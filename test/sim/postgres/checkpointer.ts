/** The process that makes waiting for standbys begin and end, and that looks at nothing while it is busy. */
import type { Ms } from '../../../src/core/units.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Random } from '../clock/random.ts';
import type { Storage } from './storage.ts';

export class Checkpointer {
  #deafUntil = 0;
  /** Checkpoints whose files are being synced. */
  #syncing = 0;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #storage: Storage;
  readonly #on: { look(): void; panic(problem: string): void };

  constructor(
    clock: Clock,
    random: Random,
    storage: Storage,
    on: { readonly look: () => void; readonly panic: (problem: string) => void },
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#storage = storage;
    this.#on = on;
  }

  /** After a reload; one in seven finds it in the middle of something long. */
  reloaded(): void {
    if (this.#random.chance(0.15)) this.#deafUntil = this.#clock.mono() + this.#random.between(50, 2_500);
    this.looksAfter(this.#random.between(5, 30));
  }

  looksAfter(ms: Ms): void {
    this.#clock.timer(Math.max(ms, this.#deafUntil - this.#clock.mono() + 1), () => {
      if (this.#clock.mono() < this.#deafUntil) this.looksAfter(1);
      else if (this.#syncing > 0) this.looksAfter(this.#random.between(5, 30));
      else this.#on.look();
    });
  }

  /** An immediate checkpoint. What it has written it syncs, for as long as the device takes. */
  checkpoint(done: () => void): void {
    const takesMs = this.#random.chance(0.1) ? this.#random.between(100, 800) : this.#random.between(5, 60);
    this.#deafUntil = Math.max(this.#deafUntil, this.#clock.mono() + takesMs);
    this.#clock.timer(takesMs, () => {
      this.#syncing += 1;
      this.#storage.sync(this.#clock, 'tables', (problem) => {
        this.#syncing -= 1;
        // A full device is no matter: what a checkpoint writes has its place already.
        if (problem === null || problem.startsWith('ENOSPC')) done();
        else this.#on.panic(problem);
      });
    });
  }
}
