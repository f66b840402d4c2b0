/** The log as a running server writes it: in memory at once, durable a moment later, many records at a time. */
import type { Clock } from '../../../src/ports/clock.ts';
import type { SimDirectory, WalRecord } from './directory.ts';
import type { Random } from '../clock/random.ts';

export interface WalEvents {
  flushed(records: readonly WalRecord[]): void;
  failed(problem: string): void;
}

export class WalWriter {
  #waiting: { readonly count: number; readonly action: () => void }[] = [];
  #flushing = false;
  readonly #dir: SimDirectory;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #nextUid: () => number;
  readonly #on: WalEvents;

  constructor(dir: SimDirectory, clock: Clock, random: Random, nextUid: () => number, on: WalEvents) {
    this.#dir = dir;
    this.#clock = clock;
    this.#random = random;
    this.#nextUid = nextUid;
    this.#on = on;
  }

  /** A process is in an fsync, and dies no sooner than that returns. */
  get unkillable(): boolean {
    return this.#flushing && this.#dir.disk.storage.keepsKilled;
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
      const end = this.#dir.records.length;
      this.#dir.disk.storage.sync(this.#clock, 'wal', (problem) => {
        this.#flushing = false;
        if (problem === null) this.#durable(end);
        else this.#on.failed(problem);
      });
    });
  }

  /** What was written while the fsync went on needs another. */
  #durable(end: number): void {
    const from = this.#dir.flushed;
    this.#dir.flushed = Math.max(from, Math.min(end, this.#dir.records.length));
    this.#on.flushed(this.#dir.records.slice(from, this.#dir.flushed));
    const due = this.#waiting.filter((waiting) => waiting.count <= this.#dir.flushed);
    this.#waiting = this.#waiting.filter((waiting) => waiting.count > this.#dir.flushed);
    for (const waiting of due) waiting.action();
    if (this.#dir.flushed < this.#dir.records.length) this.flushSoon();
  }
}
