/** Why postgres was fenced here: its disk hung, and where its WAL ended then. */
import type { WalEnd } from '../core/successor.ts';

export class HungDisk {
  #end: WalEnd | null = null;

  /** Null while nothing is known to be wrong with the disk. */
  get end(): WalEnd | null {
    return this.#end;
  }

  fencedFor(end: WalEnd): void {
    this.#end = end;
  }

  /** Whatever was wrong, postgres was started on it. */
  started(): void {
    this.#end = null;
  }

  /** Somebody else leads: whether this disk can be led from is a question for another time. */
  ledElsewhere(): void {
    this.#end = null;
  }
}
