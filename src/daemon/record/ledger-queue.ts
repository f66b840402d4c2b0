/** Bodies of one kind on their way to the own ledger, in order. A full disk is no reason to fail: each is tried again. */
import { type Ms, second } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Journal } from '../../ports/journal.ts';
import type { Ledger } from '../../ports/ledger.ts';

const retryAfterMs: Ms = 1 * second;
/** More of them make room for new ones. */
const waitingMax = 1_000;

export interface LedgerQueueDeps {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly journal: Journal;
}

export class LedgerQueue<T> {
  readonly #deps: LedgerQueueDeps;
  readonly #kind: string;
  readonly #bodyOf: (item: T) => unknown;
  readonly #written: (item: T) => void;
  readonly #waiting: T[] = [];
  #writing: Promise<void> | null = null;

  /** `written` is called once for each item, when it is on the disk. */
  constructor(deps: LedgerQueueDeps, kind: string, bodyOf: (item: T) => unknown, written: (item: T) => void) {
    this.#deps = deps;
    this.#kind = kind;
    this.#bodyOf = bodyOf;
    this.#written = written;
  }

  get waiting(): readonly T[] {
    return this.#waiting;
  }

  add(item: T): void {
    this.#waiting.push(item);
    if (this.#waiting.length > waitingMax) this.#waiting.shift();
    void this.writeDown();
  }

  /** Resolves when everything is on the disk, or the disk has refused. */
  writeDown(): Promise<void> {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    const { ledger, journal, clock } = this.#deps;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const entry = await ledger.append(this.#kind, this.#bodyOf(next));
      if (!entry.ok) {
        journal.happened('ledger-not-written', { what: this.#kind, problem: entry.error });
        clock.timer(retryAfterMs, () => void this.writeDown());
        return;
      }
      if (this.#waiting[0] === next) this.#waiting.shift();
      this.#written(next);
    }
  }
}
