/** Keeps facts on a disk that may fail for a while: what it refused is tried again, so that no fact waits for the next. */
import type { MonoMs, Ms } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeptFacts, KeptState } from '../ports/journal.ts';

/** A disk that was full or read-only is mended by a person. */
const keepAgainMs: Ms = 1_000;

export class FactKeeper {
  readonly #clock: Clock;
  readonly #kept: KeptState;
  readonly #notKept: (error: unknown) => void;
  /** When the disk refused the newest attempt; null while everything is kept. */
  #refusedMono: MonoMs | null = null;
  #tryingAgain = false;
  /** The write of everything that was to be kept so far. */
  #newest: Promise<void> = Promise.resolve();

  /** `notKept` is called once for each time that the disk begins to refuse. */
  constructor(clock: Clock, kept: KeptState, notKept: (error: unknown) => void) {
    this.#clock = clock;
    this.#kept = kept;
    this.#notKept = notKept;
  }

  /** As they were when this daemon began. */
  read(): KeptFacts {
    return this.#kept.read();
  }

  /** Rejects when the disk refuses: for a fact without which the next step must not be taken. */
  durably(facts: Partial<KeptFacts>): Promise<void> {
    return this.#kept.write(facts);
  }

  /** Resolves once all that was to be kept is on the disk; rejects when the disk refuses. */
  everythingKept(): Promise<void> {
    return this.#refusedMono === null ? this.#newest : this.#kept.write({});
  }

  /** A disk that fails must not end the daemon. */
  keep(facts: Partial<KeptFacts>): void {
    this.#newest = this.#kept.write(facts);
    this.#newest.then(
      () => {
        this.#refusedMono = null;
        this.#tryingAgain = false;
      },
      (error: unknown) => {
        const first = this.#refusedMono === null;
        this.#refusedMono = this.#clock.mono();
        this.#tryingAgain = false;
        if (first) this.#notKept(error);
      },
    );
  }

  /** To be called often. A write is of all facts, so an empty one keeps whatever was refused. */
  keepWhatWasRefused(): void {
    if (this.#refusedMono === null || this.#tryingAgain || this.#clock.mono() - this.#refusedMono < keepAgainMs) return;
    this.#tryingAgain = true;
    this.keep({});
  }
}
