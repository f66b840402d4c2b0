/**
 * I5, where safety rests on it: in mode `off` a primary acknowledges nothing once the lease that it leads on may have run
 * out, counted from when the newest renewal was sent that etcd confirmed. Seen from etcd and from the clients: whatever
 * the guardian believes, and whether or not somebody else leads by then.
 */
import type { Ms } from '../../../src/core/units.ts';
import type { Member } from '../hosts/member.ts';

/** The newest confirmed renewal of a member's lease. */
export interface Confirmed {
  readonly sentMs: number;
  readonly ttlMs: Ms;
}

/** lease.margin is 500 ms; a fence takes its part of that, and 300 ms is more than it may (guardianTickMs + fenceMsMax). */
const tooLateMs: Ms = 200;
/** A guardian that stood still catches up; one that was told of another mode has been told by then. */
const catchUpMs: Ms = 1_000;

export class LeaseDeadline {
  /** Until when each run of a server may go on although its lease has run out. */
  readonly #excusedUntilMs = new Map<string, number>();

  /** To be asked after every event: who could not act has a moment to catch up. */
  look({ guardian, host, running }: Member, nowMs: number): void {
    if (running === null) return;
    const acts = guardian?.process.alive === true && !guardian.process.stopped && !host.paused;
    if (!acts) this.#excusedUntilMs.set(running.runId, nowMs + catchUpMs);
  }

  /** What is wrong with a commit that is acknowledged now; null when nothing is. */
  acknowledged(runId: string, confirmed: Confirmed | null, nowMs: number): string | null {
    if (confirmed === null || nowMs <= (this.#excusedUntilMs.get(runId) ?? Number.NEGATIVE_INFINITY)) return null;
    const pastMs = nowMs - (confirmed.sentMs + confirmed.ttlMs - tooLateMs);
    return pastMs <= 0 ? null : `${Math.round(nowMs - confirmed.sentMs)} ms after the last confirmed renewal was sent`;
  }
}
