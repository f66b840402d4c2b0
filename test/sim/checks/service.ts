/**
 * Service as the clients of a life see it: it is missing while somebody waits for a commit and nobody's is acknowledged.
 * A client that thinks misses nothing, so a calm life has no outage that it only did not look at.
 */
import type { Ms } from '../../../src/core/units.ts';

export class Service {
  /** Since when each writer has waited. */
  readonly #waiting = new Map<string, number>();
  #servedAtMs = 0;
  #longest = { fromMs: 0, untilMs: 0 };

  /** Forgets what was before: a cluster that comes up has served nobody yet. */
  beginsAt(nowMs: number): void {
    for (const writer of this.#waiting.keys()) this.#waiting.set(writer, nowMs);
    this.#servedAtMs = nowMs;
    this.#longest = { fromMs: nowMs, untilMs: nowMs };
  }

  /** A writer wants to commit, if it does not already. */
  wanted(writer: string, nowMs: number): void {
    if (!this.#waiting.has(writer)) this.#waiting.set(writer, nowMs);
  }

  acknowledged(writer: string, nowMs: number): void {
    this.#until(nowMs);
    this.#waiting.delete(writer);
    this.#servedAtMs = nowMs;
  }

  /** The longest time without service up to now. */
  longest(nowMs: number): { readonly fromMs: number; readonly untilMs: number; readonly lastedMs: Ms } {
    this.#until(nowMs);
    const { fromMs, untilMs } = this.#longest;
    return { fromMs, untilMs, lastedMs: untilMs - fromMs };
  }

  /** For how long there has been no service now, what was before `fromMs` aside. */
  missingMs(nowMs: number, fromMs: number): Ms {
    return nowMs - Math.max(this.#missingSince(nowMs), fromMs);
  }

  #missingSince(nowMs: number): number {
    let since = nowMs;
    for (const waiting of this.#waiting.values()) if (waiting < since) since = waiting;
    return Math.max(since, this.#servedAtMs);
  }

  #until(nowMs: number): void {
    const fromMs = this.#missingSince(nowMs);
    if (nowMs - fromMs > this.#longest.untilMs - this.#longest.fromMs) this.#longest = { fromMs, untilMs: nowMs };
  }
}
