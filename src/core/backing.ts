/** What lets a leader go on past its lease's deadline (I5, I6). */
import type { ClusterState } from './cluster.ts';
import { syncOf } from './cluster-queries.ts';
import type { MonoMs } from './units.ts';
import type { View } from './view.ts';

/** Mirrored by the guardian, which enforces it; see its port for the meaning of each. */
export type Backing =
  | { readonly kind: 'lease-only' }
  /**
   * `sentMono`: of the newest probe that every named standby is known to have. `overdue`: the next one has not been
   * acknowledged for the failsafe window.
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
  const { provedSentMono, pendingSinceMono } = view.postgres.probe;
  const sinceMono = provedSentMono ?? pendingSinceMono;
  const overdue = sinceMono !== null && view.nowMono - sinceMono > view.policy.failover.failsafeWindowMs;
  return { kind: 'proved-commits', sentMono: provedSentMono, overdue };
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
