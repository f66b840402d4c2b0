/** Everything that the guardian's decisions look at, as one value. Instants are this host's monotonic clock. */
import type { Backing } from './backing.ts';
import type { LeaseId, MonoMs, Ms, Revision } from './units.ts';
import type { ChildView } from './view.ts';

/** What the guardian must know to keep I5 and I6 without asking anybody. */
export interface GuardianRules {
  readonly ttlMs: Ms;
  readonly heartbeatMs: Ms;
  readonly marginMs: Ms;
  readonly orphanMs: Ms;
  readonly failsafeWindowMs: Ms;
}

export type GuardedLease =
  /** None; the next attempt to be granted one is due at `retryAtMono`. */
  | { readonly kind: 'none'; readonly retryAtMono: MonoMs }
  | { readonly kind: 'granting' }
  /** An id that etcd may know, from a grant or from the run before: good for nothing until a renewal confirms it. */
  | { readonly kind: 'adopting'; readonly leaseId: LeaseId; readonly renewSentMono: MonoMs | null }
  | {
      readonly kind: 'held';
      readonly leaseId: LeaseId;
      readonly ttlMs: Ms;
      /** When the newest renewal that etcd confirmed was sent. */
      readonly confirmedSentMono: MonoMs;
      /** How far the boot clock was ahead of the monotonic one when it was sent. */
      readonly confirmedBootAheadMs: Ms;
      /** When the newest renewal was sent, confirmed or not. */
      readonly renewSentMono: MonoMs;
    }
  | { readonly kind: 'gone'; readonly leaseId: LeaseId };

/** What batond last said: the term this member leads in. */
export interface GuardedLead {
  readonly term: Revision;
  readonly backing: Backing;
  /**
   * The lease this member had when it was told of the term first: the one that the leader key is on. Another lease,
   * granted after that one was lost, says nothing about this leadership.
   */
  readonly leaseId: LeaseId | null;
  /**
   * Batond said since that this member does not lead, while a postgres that was started as a primary ran: it is
   * guarded like a leader's until it is gone, by its lease alone.
   */
  readonly over: boolean;
}

export interface GuardianState {
  /** Null until batond has said them; nothing is granted before. */
  readonly rules: GuardianRules | null;
  readonly lease: GuardedLease;
  /** A revocation is being tried; the guardian does not exit before it ended. */
  readonly revoking: boolean;
  readonly child: ChildView;
  /** When a stop that was asked for becomes a fence; null while nothing is stopping. */
  readonly stopByMono: MonoMs | null;
  /** SIGKILL and scans are under way. */
  readonly fencing: boolean;
  readonly leading: GuardedLead | null;
  /** `heardMono`: the newest valid message, or when this guardian began. */
  readonly batond: { readonly connected: boolean; readonly heardMono: MonoMs };
  /** CLOCK_BOOTTIME minus CLOCK_MONOTONIC, now. It only grows, by the time the machine was suspended. */
  readonly bootAheadMs: Ms;
  /** When a suspend was last noticed, after it. */
  readonly suspendSeenMono: MonoMs | null;
  /** SIGTERM arrived then. */
  readonly terminatingSinceMono: MonoMs | null;
}

/** A difference between the clocks that is more than their resolution (10 ms) and scheduling explain. */
export const suspendMinMs: Ms = 250;
/** No message from a connected batond for so long: it is frozen or gone. It shows life every second. */
export const batondSilentMs: Ms = 2_000;
/** How long the fast shutdown of an orphaned leader may take; its clients are already cut off. */
export const orphanStopLimitMs: Ms = 5_000;
/** How long SIGTERM waits for batond to hand the leadership over, with postgres still serving. */
export const handOverLimitMs: Ms = 5_000;
/** How long a fast shutdown may take when the host shuts down. */
export const terminateStopLimitMs: Ms = 30_000;
