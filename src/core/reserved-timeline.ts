/**
 * Which timeline the next promotion makes. PostgreSQL takes the next number that it knows no history of, and a member may
 * be promoted and end before it has told anybody: so the number is reserved in etcd with the claim, and every lower one
 * counts as used from then on (I9).
 */
import type { ClusterState, ReservedTimeline } from './cluster.ts';
import { leading, ownCopy } from './cluster-queries.ts';
import type { PostgresView, StandbyView } from './postgres-view.ts';
import { type Timeline, timeline } from './units.ts';
import type { View } from './view.ts';

/** When the key cannot be read, more promotions than that were hardly begun since the history was last told of one. */
const untoldMax = 16;

/**
 * What a claim reserves: the number that this copy has reserved before, if it never began it, or else one more than any
 * that was heard of. Null for data that starts as a primary again, as it was.
 */
export function reservation(view: View, state: ClusterState): ReservedTimeline | null {
  const own = promotable(view.postgres);
  if (own === null) return null;
  const [member, copyId] = [view.self.name, ownCopy(view.postgres)];
  const kept = unusedBy(view, state, own);
  if (kept !== null && copyId !== null) return { number: kept, member, copyId };
  const rows = state.history.kind === 'present' ? state.history.value.map((row) => row.newTimeline) : [];
  const reserved = state.timeline.kind === 'present' ? state.timeline.value.number : 0;
  const unread = state.timeline.kind === 'malformed' ? untoldMax : 0;
  const number = timeline(Math.max(own, reserved, begun(view) ?? 0, ...rows) + 1 + unread);
  return { number, member, copyId };
}

/** The number that was reserved for this standby in this term, or with which its promotion is under way; else null. */
export function reservedFor(view: View, state: ClusterState, standby: StandbyView): Timeline | null {
  // PostgreSQL writes on the new timeline before it says that it is out of recovery.
  if (view.operation.kind === 'busy' && view.operation.spec.kind === 'promote') return view.operation.spec.timeline;
  const term = leading(state)?.term;
  if (state.timeline.kind !== 'present' || term === undefined || state.timeline.modRevision < term) return null;
  return unusedBy(view, state, standby.timeline);
}

function unusedBy(view: View, { timeline: key }: ClusterState, own: Timeline): Timeline | null {
  if (key.kind !== 'present') return null;
  const { number, member, copyId } = key.value;
  const ours = member === view.self.name && copyId === ownCopy(view.postgres);
  return ours && number > Math.max(own, begun(view) ?? 0) ? number : null;
}

/** What PostgreSQL has begun here in a promotion that did not end. */
function begun({ operation }: View): Timeline | null {
  const last = operation.kind === 'idle' ? operation.last : null;
  const failed = last?.spec.kind === 'promote' && !last.outcome.ok && last.outcome.timelineBegun === true;
  return failed && last.spec.kind === 'promote' ? last.spec.timeline : null;
}

function promotable(pg: PostgresView): Timeline | null {
  if (pg.kind === 'standby') return pg.timeline;
  return pg.kind === 'stopped' && pg.data.standbySignal ? pg.data.timeline : null;
}
