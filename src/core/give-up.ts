/** The leader key is ours and we cannot use it: somebody who can gets it. */
import { because } from './because.ts';
import type { ClusterState, MemberRecord } from './cluster.ts';
import { claimed } from './cluster-queries.ts';
import type { Decision } from './decision.ts';
import { handOverNote } from './decide-switchover.ts';
import type { Rule } from './rules.ts';
import { automaticSuccessor, successor, successorWithinLag } from './successor.ts';
import { handOver, release } from './transactions.ts';
import type { View } from './view.ts';

/** Somebody who can lead gets the key; else it is deleted, so that whoever may take it can. */
export function giveUp(
  view: View,
  state: ClusterState,
  rule: 'release-no-data' | 'release-unusable' | 'release-not-eligible',
  why: string,
): Decision {
  const next = successor(view, state);
  if (next !== null) return handOverTo(view, state, next, rule, `${why}; ${next.name} can lead`);
  return because(rule, why, { kind: 'commit', purpose: 'release', txn: release(state) });
}

export const handOverTo = (view: View, state: ClusterState, next: MemberRecord, rule: Rule, why: string): Decision =>
  because(rule, why, {
    kind: 'commit',
    purpose: 'hand-over',
    txn: handOver(state, next.name, next.leaseId, handOverNote(view, state, next.name, rule, why), null),
  });

/**
 * Postgres ended by itself: in a synchronous mode whoever has every acknowledged commit gets the key before the data
 * directory here is even looked at, and while what the postmaster left behind is being killed. Nothing of that can
 * acknowledge without a standby that no longer follows (ADR 33).
 */
export function handOverEnded(view: View, state: ClusterState): Decision | null {
  const { child } = view.guardian;
  const exit = child.kind === 'exited' ? child.exit : child.kind === 'none' ? child.lastExit : null;
  if (exit === null || exit.requested || !claimed(state, view.self.name)) return null;
  const next = automaticSuccessor(view, state);
  return next === null
    ? null
    : handOverTo(
        view,
        state,
        next,
        'hand-over-dead-postgres',
        `postgres here ended and ${next.name} has every acknowledged commit`,
      );
}

/**
 * Mode `off`: this leader cannot serve from its own disk, and nothing of postgres is left. Whoever lacks no more than maxLag
 * of what was written here leads; null when nobody does, and in the synchronous modes (ADR 17).
 */
export function handOverWithinLag(
  view: View,
  state: ClusterState,
  rule: 'hand-over-hung-disk' | 'hand-over-within-lag',
  why: string,
): Decision | null {
  const { walEnd } = view.memory;
  if (walEnd === null || view.guardian.child.kind !== 'none' || !claimed(state, view.self.name)) return null;
  const next = successorWithinLag(view, state, walEnd);
  return next === null ? null : handOverTo(view, state, next, rule, `${why}; ${next.name} lacks no more than maxLag`);
}
