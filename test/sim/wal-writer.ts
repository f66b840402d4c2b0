/** The log as a running server writes it: in memory at once, durable a moment later, many records at a time. */
import type { Clock } from '../../src/ports/clock.ts';
import type { SimDirectory, WalRecord } from './directory.ts';
import type { Random } from './random.ts';

export class WalWriter {
  #waiting: { readonly count: number; readonly action: () => void }[] = [];
  #flushing = false;
  readonly #dir: SimDirectory;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #nextUid: () => number;
  readonly #flushed: (records: readonly WalRecord[]) => void;

  constructor(
    dir: SimDirectory,
    clock: Clock,
    random: Random,
    nextUid: () => number,
    flushed: (records: readonly WalRecord[]) => void,
  ) {
    this.#dir = dir;
    this.#clock = clock;
    this.#random = random;
    this.#nextUid = nextUid;
    this.#flushed = flushed;
  }

  insert(kind: WalRecord['kind'], id: string | null): WalRecord {
    const record = { timeline: this.#dir.timeline, position: this.#dir.records.length, uid: this.#nextUid(), kind, id };
    this.#dir.records.push(record);
    this.flushSoon();
    return record;
  }

  whenFlushed(count: number, action: () => void): void {
    if (this.#dir.flushed >= count) {
      action();
      return;
    }
    this.#waiting.push({ count, action });
    this.flushSoon();
  }

  flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#clock.timer(this.#random.between(0.2, 1.5), () => {
      this.#flushing = false;
      const from = this.#dir.flushed;
      this.#dir.flushed = this.#dir.records.length;
      this.#flushed(this.#dir.records.slice(from));
      const due = this.#waiting.filter((waiting) => waiting.count <= this.#dir.flushed);
      this.#waiting = this.#waiting.filter((waiting) => waiting.count > this.#dir.flushed);
      for (const waiting of due) waiting.action();
    });
  }
}
