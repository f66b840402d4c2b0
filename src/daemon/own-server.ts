/** How far the primary that ran here last had come, and whether its disk is to blame for its end. */
import type { WalEnd } from '../core/successor.ts';

export class OwnServer {
  #walEnd: WalEnd | null = null;
  #diskHung = false;

  /** Where its WAL ended when it was last looked at; null when none has run since this daemon began. */
  get walEnd(): WalEnd | null {
    return this.#walEnd;
  }

  get diskHung(): boolean {
    return this.#diskHung;
  }

  sawPrimary(end: WalEnd): void {
    this.#walEnd = end;
  }

  fencedForItsDisk(): void {
    this.#diskHung = true;
  }

  /** Whatever was wrong, postgres was started on it. */
  started(): void {
    this.#diskHung = false;
  }

  /** Somebody else leads: whether this disk can be led from is a question for another time. */
  ledElsewhere(): void {
    this.#walEnd = null;
    this.#diskHung = false;
  }
}
