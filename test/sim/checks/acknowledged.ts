/** Every commit that a server acknowledged to a client, and who acknowledged it: what must never be lost. */
import type { SimDirectory, WalRecord } from '../postgres/directory.ts';

export interface Acknowledgement {
  readonly record: WalRecord;
  readonly member: string;
  readonly runId: string;
  readonly atMs: number;
  /** Mode `off`: whether somebody on its host could have stopped it; what nobody could stop is not within the bound. */
  readonly supervised: boolean;
}

export class Acknowledged {
  readonly all: Acknowledgement[] = [];
  /** When each run of a server acknowledged for the first time. */
  readonly firstOf = new Map<string, number>();

  /** `lasts`: whether it was promised that it stays; mode `off` bounds a loss, and does not rule it out. */
  add(acknowledgement: Acknowledgement, lasts: 'stays' | 'may be lost'): void {
    this.all.push(acknowledgement);
    if (lasts === 'may be lost') this.#forgiven.add(acknowledgement);
    if (!this.firstOf.has(acknowledgement.runId)) this.firstOf.set(acknowledgement.runId, acknowledgement.atMs);
  }

  /**
   * How many a directory lacks that were acknowledged before `beforeMs`, those aside that other directories lacked
   * already, however new they were then: each is lost once.
   */
  newlyLackingIn(dir: SimDirectory, beforeMs: number): number {
    let lacking = 0;
    for (const { record, atMs, supervised } of this.all) {
      if (!supervised || this.#known.has(record.uid) || dir.records[record.position] === record) continue;
      this.#known.add(record.uid);
      if (atMs < beforeMs) lacking += 1;
    }
    return lacking;
  }

  /** Uids of what is known to be lost. */
  readonly #known = new Set<number>();

  /** How many a directory lacks. */
  lackingIn(dir: SimDirectory): number {
    return this.all.filter(({ record }) => dir.records[record.position] !== record).length;
  }

  /** How many of the oldest may be lost by now. */
  #lapsed = 0;
  readonly #forgiven = new Set<Acknowledgement>();

  /** The promise is over for what was acknowledged so far: mode `off` bounds a loss, and does not rule it out. */
  lapse(): void {
    this.#lapsed = this.all.length;
  }

  /** An operator accepted the loss of what this directory lacks, and was acknowledged by then. */
  forgive({ records }: SimDirectory, untilMs: number): void {
    for (const acknowledgement of this.all.slice(this.#lapsed)) {
      const { record, atMs } = acknowledgement;
      if (atMs <= untilMs && records[record.position] !== record) this.#forgiven.add(acknowledgement);
    }
  }

  /** The first that a directory lacks and must have; null when it has them all. */
  missingFrom(dir: SimDirectory): Acknowledgement | null {
    for (let at = this.#lapsed; at < this.all.length; at += 1) {
      const acknowledgement = this.all[at];
      if (acknowledgement === undefined || this.#forgiven.has(acknowledgement)) continue;
      if (dir.records[acknowledgement.record.position] !== acknowledgement.record) return acknowledgement;
    }
    return null;
  }
}
