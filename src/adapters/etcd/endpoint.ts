/**
 * One etcd endpoint as the rest of this folder uses it. Everything above this interface (mirror, watching, hedging, the
 * treatment of ambiguous answers) is the same code on gRPC and in the simulator.
 */
import type { Txn } from '../../core/transaction.ts';
import type { LeaseId, Ms, Revision } from '../../core/units.ts';
import type { Entry, LeaseTtl } from '../../ports/coordinator.ts';

/** What a linearizable read or a transaction showed of the cluster's prefix, in keys relative to it. */
export interface Reading {
  readonly etcdClusterId: string;
  readonly revision: Revision;
  /** `entries` are those changed after this revision; null when they are all there are. */
  readonly since: Revision | null;
  readonly entries: ReadonlyMap<string, Entry>;
  /** Keys that the transaction itself deleted. */
  readonly deleted: readonly string[];
  /** How many keys the prefix has: tells whether others were deleted since. */
  readonly count: number;
}

export interface TxnAnswer {
  readonly applied: boolean;
  /** The prefix right after the transaction, whether applied or refused. */
  readonly reading: Reading;
}

/** A key that was put, or deleted when `entry` is null. */
export interface Change {
  readonly key: string;
  readonly revision: Revision;
  readonly entry: Entry | null;
}

export type WatchEnd =
  /** The revision asked for is no longer kept: read everything again. */
  | { readonly kind: 'compacted' }
  /** `byEtcd`: etcd itself ended it, because it has no leader for example. Otherwise nobody may be there. */
  | { readonly kind: 'lost'; readonly problem: string; readonly byEtcd: boolean };

export interface WatchHandlers {
  created(): void;
  /** Whole revisions, oldest first; empty for an answer to `askProgress`. */
  changed(etcdClusterId: string, changes: readonly Change[]): void;
  /** Once, and nothing after it. */
  ended(end: WatchEnd): void;
}

export interface Watch {
  askProgress(): void;
  /** `ended` is not called for it. */
  cancel(): void;
}

/** Every call settles within its limit and rejects with nothing but EtcdFailure. */
export interface EtcdEndpoint {
  /** For error texts. */
  readonly name: string;
  /** Linearizable. `since` null reads everything. */
  read(since: Revision | null, limitMs: Ms): Promise<Reading>;
  /** One attempt. `since` bounds what of the prefix comes back with the answer. */
  txn(txn: Txn, since: Revision | null, limitMs: Ms): Promise<TxnAnswer>;
  /** Every change of revision `from` and later, as seen by this endpoint. */
  watch(from: Revision, handlers: WatchHandlers): Watch;
  leaseTtl(leaseId: LeaseId, limitMs: Ms): Promise<LeaseTtl>;
  /** Granted seconds. Fails with the code `lease-exists` when the id is taken. */
  grant(leaseId: LeaseId, ttlS: number, limitMs: Ms): Promise<number>;
  /** Seconds that the lease now lives; 0 when this endpoint says that there is none. */
  keepAlive(leaseId: LeaseId, limitMs: Ms): Promise<number>;
  /** Fails with the code `lease-gone` when there is none. */
  revoke(leaseId: LeaseId, limitMs: Ms): Promise<void>;
  /** Whether its host takes a connection within the limit, however busy etcd is there. Never rejects. */
  accepts(limitMs: Ms): Promise<boolean>;
  /** Ends connections; calls under way fail. */
  close(): void;
}

export class EtcdFailure extends Error {
  /**
   * What became of the request. `not-taken`: this endpoint certainly did nothing with it, another may be asked.
   * `rejected`: etcd decided against it, asking again changes nothing. `ambiguous`: it may have been done, or may be
   * done later.
   */
  readonly fate: 'not-taken' | 'rejected' | 'ambiguous';
  readonly code: 'lease-exists' | 'lease-gone' | 'other';

  constructor(fate: EtcdFailure['fate'], message: string, code: EtcdFailure['code'] = 'other') {
    super(message);
    this.name = 'EtcdFailure';
    this.fate = fate;
    this.code = code;
  }
}
