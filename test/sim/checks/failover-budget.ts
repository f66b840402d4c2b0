/**
 * How soon somebody serves again after a fault, where that fault is the only one: the cluster was redundant for a while
 * when it began, and no other was under way or began before the end. What several faults together cost is not bounded
 * by this, only by the heal.
 */
import type { SyncMode } from '../../../src/core/cluster.ts';
import { type Ms, second } from '../../../src/core/units.ts';
import type { Service } from './service.ts';

/** For these the cluster must have been redundant before. */
const calmMs: Ms = 5 * second;

/** Detection, decision and promotion at their slowest, and the time that a client takes to find the new primary. */
const budgetMs: Readonly<Record<string, Ms>> = {
  'kill-postmaster': 2 * second,
  'kill-guardian': 2 * second,
  'power-off': 5 * second,
  isolate: 5 * second,
  pause: 5 * second,
  suspend: 5 * second,
  'freeze-postgres': 5 * second,
  // One shutdown in thirty hangs until its limit, and then the old primary starts again.
  switchover: 14 * second,
};

/** The lease runs out, then its own deadline, and the key is believed one ttl later (I7). */
const leaseMs: Ms = 16 * second;

export class FailoverBudget {
  readonly #service: Service;
  readonly #mode: SyncMode;
  #active = 0;
  #played = false;
  /** When a fault ended last. */
  #endedMs = Number.NEGATIVE_INFINITY;
  #redundantSinceMs: number | null = null;
  #expected: { readonly kind: string; readonly beganMs: number; readonly limitMs: Ms } | null = null;

  constructor(service: Service, mode: SyncMode) {
    this.#service = service;
    this.#mode = mode;
  }

  /** Nothing is wrong, and nothing was for a while. */
  calm(nowMs: number): boolean {
    return !this.#played && this.#alone(nowMs) && nowMs - this.#endedMs >= calmMs;
  }

  /** What goes wrong is not drawn: somebody plays it, and whatever it is has no end that is known here. */
  plays(): void {
    this.#played = true;
  }

  #alone(nowMs: number): boolean {
    return this.#active === 0 && this.#redundantSinceMs !== null && nowMs - this.#redundantSinceMs >= calmMs;
  }

  begins(kind: string, nowMs: number): void {
    const alone = this.#alone(nowMs);
    this.#active += 1;
    this.#redundantSinceMs = null;
    const limitMs = budgetMs[kind];
    // Where every commit has to wait for a standby, there is no service without one, whoever leads.
    const bounded = this.#mode !== 'strict';
    const slower = this.#mode === 'off' && kind !== 'switchover' ? leaseMs : 0;
    this.#expected =
      alone && bounded && limitMs !== undefined ? { kind, beganMs: nowMs, limitMs: limitMs + slower } : null;
  }

  ends(nowMs: number): void {
    this.#active -= 1;
    this.#endedMs = nowMs;
  }

  /**
   * To be asked every now and then. `redundant`: nothing is missing for a failover, automation included. What is wrong
   * in words; null when nothing is.
   */
  look(redundant: boolean, nowMs: number): string | null {
    if (redundant) this.#redundantSinceMs ??= nowMs;
    else this.#redundantSinceMs = null;
    if (this.#expected === null) return null;
    const { kind, beganMs, limitMs } = this.#expected;
    const missingMs = this.#service.missingMs(nowMs, beganMs);
    if (missingMs > limitMs)
      return `no service for ${Math.round(missingMs)} ms since ${kind} alone, the budget is ${limitMs} ms`;
    if (redundant && this.#active === 0) this.#expected = null;
    return null;
  }
}
