/**
 * The coordination store (etcd) in the core's words. The adapter keeps a mirror of the cluster's prefix; decisions are
 * made on the mirror and are safe however old it is, because every transaction compares what it was decided on, and goes
 * to no other etcd.
 */
import type { Result } from '../core/result.ts';
import type { Txn } from '../core/transaction.ts';
import type { LeaseId, MonoMs, Ms, Revision } from '../core/units.ts';

export interface Entry {
  readonly value: string;
  readonly modRevision: Revision;
  readonly createRevision: Revision;
  /** '0' when the key is on no lease. */
  readonly leaseId: LeaseId;
}

/** The prefix as of one revision. Keys are relative to the cluster's prefix: `leader`, `members/slough-a`. */
export interface Snapshot {
  readonly revision: Revision;
  readonly etcdClusterId: string;
  readonly entries: ReadonlyMap<string, Entry>;
}

export type Observation =
  /** The content is `snapshot`; `confirmedMono` is when the read that confirmed it was SENT (or the event received). */
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot; readonly confirmedMono: MonoMs }
  /** No endpoint answered a linearizable read. Reported once per attempt; `problem` names the endpoints. */
  | { readonly kind: 'unreachable'; readonly problem: string };

export type TxnOutcome =
  | { readonly kind: 'applied'; readonly revision: Revision }
  /** A comparison did not hold; nothing was written. */
  | { readonly kind: 'refused'; readonly revision: Revision }
  /**
   * Definitely not applied: no endpoint took it, etcd rejected it (dead lease, permission), or it was not sent because
   * the etcd that is known has not answered lately, or another one did (ADR 32).
   */
  | { readonly kind: 'failed'; readonly problem: string }
  /** It may have been applied, or may be applied later. Read before deciding anything. */
  | { readonly kind: 'unknown'; readonly problem: string };

export type LeaseTtl =
  | { readonly kind: 'alive'; readonly remainingS: number; readonly grantedS: number }
  | { readonly kind: 'gone' };

export interface Coordinator {
  /**
   * Watches and re-reads (linearizable, once a second) until the signal aborts; calls `observe` for every change and
   * for every confirmation. Never throws, never ends by itself.
   */
  follow(observe: (observation: Observation) => void, signal: AbortSignal): void;
  /** When each of a majority of the endpoints was last reached, whether or not it answered; null before that. */
  reachedMono(): MonoMs | null;
  /** Asks for a linearizable read now; its observation arrives through `follow`. Coalesced while one is under way. */
  refresh(): void;
  /**
   * One attempt, bounded by `limitMs`. Never retried after an ambiguous answer. An etcd that has not answered for a
   * while is read first.
   */
  commit(txn: Txn, limitMs: Ms): Promise<TxnOutcome>;
  /** Remaining life of anybody's lease (evidence E3). Reads only. */
  leaseTtl(leaseId: LeaseId, limitMs: Ms): Promise<Result<LeaseTtl, string>>;
}

/** What the guardian needs of etcd: its own lease, and nothing else. */
export interface LeaseStore {
  /** Grants with an id chosen by the caller, so that a repeated grant is the same grant. Value: granted ttl in ms. */
  grant(leaseId: LeaseId, ttlMs: Ms, limitMs: Ms): Promise<Result<Ms, string>>;
  /** One keepalive to every endpoint; `onRenewed` for each confirmation. `gone` when etcd says the lease is dead. */
  renew(leaseId: LeaseId, limitMs: Ms, on: { renewed(sentMono: MonoMs, ttlMs: Ms): void; gone(): void }): void;
  revoke(leaseId: LeaseId, limitMs: Ms): Promise<Result<void, string>>;
}
