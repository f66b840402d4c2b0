/**
 * What the writers of a client know, in bounded memory: a writer numbers its rows 1, 2, 3 …, so the acknowledged ones
 * are all that were sent but for the few whose outcome is unknown. Instants are CLOCK_MONOTONIC in milliseconds.
 */
export interface Gap {
  readonly fromMono: number;
  readonly toMono: number;
  readonly lengthMs: number;
}

interface WriterRecord {
  sent: number;
  acknowledged: number;
  /** Sent, and the connection ended before an answer: each may be in the table or not. */
  readonly unknown: Set<number>;
}

/** A gap between acknowledgements shorter than this is not an outage. */
export const gapMsMin = 50;
const gapsMax = 10_000;
const unknownPerWriterMax = 100_000;

export class Acknowledgements {
  readonly #writers: readonly WriterRecord[];
  readonly #gaps: Gap[] = [];
  #newestMono: number | null = null;

  constructor(writers: number) {
    this.#writers = Array.from({ length: writers }, () => ({ sent: 0, acknowledged: 0, unknown: new Set<number>() }));
  }

  /** The number of the writer's next row. Its outcome is unknown until it is acknowledged. */
  next(writer: number): number {
    const record = this.#record(writer);
    if (record.unknown.size >= unknownPerWriterMax)
      throw new Error(`writer ${writer} lost ${unknownPerWriterMax} answers`);
    record.sent += 1;
    record.unknown.add(record.sent);
    return record.sent;
  }

  acknowledged(writer: number, row: number, atMono: number): void {
    const record = this.#record(writer);
    if (!record.unknown.delete(row)) throw new Error(`row ${row} of writer ${writer} was acknowledged twice`);
    record.acknowledged += 1;
    if (this.#newestMono !== null) this.#note(this.#newestMono, atMono);
    this.#newestMono = atMono;
  }

  get acknowledgedCount(): number {
    return this.#writers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  }

  get unknownCount(): number {
    return this.#writers.reduce((sum, { unknown }) => sum + unknown.size, 0);
  }

  get newestMono(): number | null {
    return this.#newestMono;
  }

  sent(writer: number): number {
    return this.#record(writer).sent;
  }

  wasAcknowledged(writer: number, row: number): boolean {
    const { sent, unknown } = this.#record(writer);
    return row >= 1 && row <= sent && !unknown.has(row);
  }

  /**
   * Outages of the service as all writers together saw it, that overlap the window: times of at least 50 ms in which
   * nobody got an acknowledgement. One that has not ended yet reaches to `untilMono`.
   */
  outages(sinceMono: number, untilMono: number): readonly Gap[] {
    const open = this.#newestMono === null ? [] : [gap(this.#newestMono, untilMono)];
    return [...this.#gaps, ...open]
      .filter(({ lengthMs, fromMono, toMono }) => lengthMs >= gapMsMin && toMono >= sinceMono && fromMono <= untilMono)
      .toSorted((one, other) => other.lengthMs - one.lengthMs);
  }

  #note(fromMono: number, toMono: number): void {
    if (toMono - fromMono < gapMsMin) return;
    if (this.#gaps.length >= gapsMax) this.#gaps.shift();
    this.#gaps.push(gap(fromMono, toMono));
  }

  #record(writer: number): WriterRecord {
    const record = this.#writers[writer];
    if (record === undefined) throw new RangeError(`no writer ${writer}`);
    return record;
  }
}

const gap = (fromMono: number, toMono: number): Gap => ({ fromMono, toMono, lengthMs: toMono - fromMono });
