/** What etcd's replicated state machine does, as far as Baton uses it: revisions, transactions, leases. No time, no network. */
import type { Txn } from '../../../src/core/transaction.ts';
import {
  after,
  type LeaseId,
  leaseId,
  type MonoMs,
  type Ms,
  type Revision,
  revision,
  second,
} from '../../../src/core/units.ts';
import { type Change, EtcdFailure, type Reading, type TxnAnswer } from '../../../src/adapters/etcd/endpoint.ts';
import type { Entry, LeaseTtl } from '../../../src/ports/coordinator.ts';

interface Lease {
  readonly grantedS: number;
  expiresMono: MonoMs;
}

/** A backup of etcd, to be restored later as an operator would. */
export interface SavedStore {
  readonly revision: Revision;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly leases: ReadonlyMap<LeaseId, { readonly grantedS: number }>;
}

/** Of an etcd that was set up anew. */
export const emptyStore: SavedStore = { revision: revision(1), entries: new Map(), leases: new Map() };

export class FakeEtcdStore {
  clusterId: string;
  revision: Revision = revision(1);
  /** Grows whenever the entries change, also back to an older revision. */
  version = 0;
  readonly entries = new Map<string, Entry>();
  readonly leases = new Map<LeaseId, Lease>();
  /** Every change after `compacted`, oldest first. */
  history: Change[] = [];
  compacted: Revision = revision(0);
  /** Called with all changes of one revision. */
  onChanges: (changes: readonly Change[]) => void = () => {};

  constructor(clusterId: string) {
    this.clusterId = clusterId;
  }

  read(since: Revision | null): Reading {
    const entries = new Map([...this.entries].filter(([, entry]) => since === null || entry.modRevision > since));
    return {
      etcdClusterId: this.clusterId,
      revision: this.revision,
      since,
      entries,
      deleted: [],
      count: this.entries.size,
    };
  }

  txn(txn: Txn, since: Revision | null): TxnAnswer {
    const holds = txn.compares.every((compare) => {
      const found = this.entries.get(compare.key);
      return 'absent' in compare ? found === undefined : found?.modRevision === compare.modRevision;
    });
    if (!holds) return { applied: false, reading: this.read(since) };
    for (const write of txn.writes) {
      if (
        write.op === 'put' &&
        write.leaseId !== undefined &&
        write.leaseId !== '0' &&
        !this.leases.has(write.leaseId)
      ) {
        throw new EtcdFailure('rejected', `lease ${write.leaseId} does not exist`, 'lease-gone');
      }
    }
    if (txn.writes.length === 0) return { applied: true, reading: this.read(since) };
    const at = revision(this.revision + 1);
    const changes: Change[] = [];
    for (const write of txn.writes) {
      const before = this.entries.get(write.key);
      if (write.op === 'put') {
        const entry = {
          value: write.value,
          modRevision: at,
          createRevision: before?.createRevision ?? at,
          leaseId: write.leaseId ?? leaseId('0'),
        };
        changes.push({ key: write.key, revision: at, entry });
      } else if (before !== undefined) changes.push({ key: write.key, revision: at, entry: null });
    }
    this.#apply(changes, at);
    const deleted = txn.writes.filter((write) => write.op === 'delete').map((write) => write.key);
    return { applied: true, reading: { ...this.read(since), deleted } };
  }

  grant(id: LeaseId, grantedS: number, now: MonoMs): number {
    if (this.leases.has(id)) throw new EtcdFailure('rejected', `lease ${id} already exists`, 'lease-exists');
    this.leases.set(id, { grantedS, expiresMono: after(now, grantedS * second) });
    return grantedS;
  }

  /** Seconds; 0 when there is no such lease; null when it has expired and is about to be revoked: etcd answers then. */
  keepAlive(id: LeaseId, now: MonoMs): number | null {
    const lease = this.leases.get(id);
    if (lease === undefined) return 0;
    if (lease.expiresMono <= now) return null;
    lease.expiresMono = after(now, lease.grantedS * second);
    return lease.grantedS;
  }

  leaseTtl(id: LeaseId, now: MonoMs): LeaseTtl {
    const lease = this.leases.get(id);
    if (lease === undefined) return { kind: 'gone' };
    const remainingS = Math.trunc((lease.expiresMono - now) / second);
    return { kind: 'alive', remainingS, grantedS: lease.grantedS };
  }

  revoke(id: LeaseId): void {
    if (!this.leases.delete(id)) throw new EtcdFailure('rejected', `lease ${id} does not exist`, 'lease-gone');
    const at = revision(this.revision + 1);
    const keys = [...this.entries].filter(([, entry]) => entry.leaseId === id).map(([key]) => key);
    this.#apply(
      keys.map((key) => ({ key, revision: at, entry: null })),
      at,
    );
  }

  revokeExpired(now: MonoMs): void {
    for (const [id, lease] of [...this.leases]) if (lease.expiresMono <= now) this.revoke(id);
  }

  /** What a new etcd leader does: nobody's renewals are known to it, so every lease gets its whole life again, and more. */
  restartLeases(now: MonoMs, extraMs: Ms): void {
    for (const lease of this.leases.values()) lease.expiresMono = after(now, lease.grantedS * second + extraMs);
  }

  /** Forgets the history up to and including `upTo`. */
  compact(upTo: Revision): void {
    this.compacted = upTo;
    this.history = this.history.filter((change) => change.revision > upTo);
  }

  save(): SavedStore {
    return { revision: this.revision, entries: new Map(this.entries), leases: new Map(this.leases) };
  }

  /** Leases are part of a backup. How long they have lived is not: each begins anew. */
  restore(saved: SavedStore, clusterId: string, now: MonoMs): void {
    this.clusterId = clusterId;
    this.revision = saved.revision;
    this.version += 1;
    this.entries.clear();
    for (const [key, entry] of saved.entries) this.entries.set(key, entry);
    this.leases.clear();
    for (const [id, { grantedS }] of saved.leases)
      this.leases.set(id, { grantedS, expiresMono: after(now, grantedS * second) });
    this.history = [];
    this.compacted = saved.revision;
  }

  #apply(changes: readonly Change[], at: Revision): void {
    if (changes.length === 0) return;
    this.revision = at;
    this.version += 1;
    for (const change of changes) {
      if (change.entry === null) this.entries.delete(change.key);
      else this.entries.set(change.key, change.entry);
      this.history.push(change);
    }
    this.onChanges(changes);
  }
}
