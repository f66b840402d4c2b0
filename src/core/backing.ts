/** What lets a leader go on past its lease's deadline (I5, I6). */
import type { ClusterState, SyncKey } from './cluster.ts';
import { syncOf } from './cluster-queries.ts';
import { copyName } from './copy-name.ts';
import type { PrimaryView } from './postgres-view.ts';
import type { MemberName, MonoMs } from './units.ts';
import type { View } from './view.ts';

/** Mirrored by the guardian, which enforces it; see its port for the meaning of each. */
export type Backing =
  | { readonly kind: 'lease-only' }
  /**
   * `sentMono`: of the newest probe that every named standby is known to have. `overdue`: nothing has shown for the
   * failsafe window that each of them still follows, neither such a probe nor its daemon's own word nor its flushes, and
   * no majority of etcd was reached in that time either.
   */
  | { readonly kind: 'proved-commits'; readonly sentMono: MonoMs | null; readonly overdue: boolean }
  | { readonly kind: 'nobody-eligible' };

export const sameBacking = (one: Backing, other: Backing): boolean =>
  one.kind === 'proved-commits' && other.kind === 'proved-commits'
    ? one.sentMono === other.sentMono && one.overdue === other.overdue
    : one.kind === other.kind;

export function backing(view: View, state: ClusterState): Backing {
  const sync = syncOf(state);
  if (sync === null || sync.mode === 'off' || sync.leader !== view.self.name) return { kind: 'lease-only' };
  const waits = view.postgres.kind === 'primary' && view.postgres.waitsFor.length > 0;
  // Whoever PostgreSQL waits for may be named by now: an addition may have landed that this member has not read yet.
  if (sync.standbys.length === 0 && !waits) return { kind: 'nobody-eligible' };
  if (view.postgres.kind !== 'primary') return { kind: 'proved-commits', sentMono: null, overdue: false };
  const primary = view.postgres;
  const { provedSentMono, pendingSinceMono } = primary.probe;
  const sinceMono = provedSentMono ?? pendingSinceMono;
  const late = sinceMono !== null && view.nowMono - sinceMono > view.policy.failover.failsafeWindowMs;
  const follows = sync.standbys.length > 0 && sync.standbys.every((name) => stillFollows(view, primary, sync, name));
  return { kind: 'proved-commits', sentMono: provedSentMono, overdue: late && !follows && !reachesEtcd(view) };
}

/**
 * Its daemon has just said that its PostgreSQL is a standby, or, where that was not heard, its walreceiver goes on telling of
 * what it flushes. That is no proof for I6, where commits must not be lost: it may be seconds behind. It is enough to know
 * that nobody here reads what a successor has changed: a busy standby is not a cut-off leader.
 */
function stillFollows(view: View, { walsenders }: PrimaryView, sync: SyncKey, name: MemberName): boolean {
  const isRecent = (atMono: MonoMs) => view.nowMono - atMono <= view.policy.failover.failsafeWindowMs;
  const report = view.peers.get(name)?.report ?? null;
  if (report !== null && isRecent(report.atMono)) return report.role === 'standby';
  const copyId = sync.copies[name];
  if (copyId === undefined) return false;
  const copy = copyName(name, copyId);
  return walsenders.some(
    ({ applicationName, flushChangedMono }) => applicationName === copy && isRecent(flushChangedMono),
  );
}

/** It is slow, or has no leader, as when the hosts of a standby and of its leader die together: that is no partition. */
function reachesEtcd({ coordinator, nowMono, policy }: View): boolean {
  if (coordinator.kind !== 'read' || coordinator.reachedMono === null) return false;
  return nowMono - coordinator.reachedMono <= policy.failover.failsafeWindowMs;
}

/** I5: when this host must have stopped, unless it is backed. Null while no renewal was ever confirmed. */
export function leaseDeadlineOf(view: View): MonoMs | null {
  const lease = view.guardian.lease;
  if (lease.kind !== 'held') return null;
  return (lease.confirmedSentMono + lease.ttlMs - view.policy.lease.marginMs) as MonoMs;
}

/** Whether a leader may go on now: inside its deadline, or backed. */
export function mayGoOn(view: View, state: ClusterState): boolean {
  const deadline = leaseDeadlineOf(view);
  if (deadline !== null && view.nowMono < deadline) return true;
  return backedNow(view, state);
}

/** I6 alone, whatever the lease says. */
export function backedNow(view: View, state: ClusterState): boolean {
  const by = backing(view, state);
  if (by.kind === 'nobody-eligible') return true;
  return (
    by.kind === 'proved-commits' &&
    by.sentMono !== null &&
    view.nowMono - by.sentMono <= view.policy.failover.failsafeWindowMs
  );
}
