/**
 * Which timeline the next promotion makes. PostgreSQL takes the next number that it knows no history of, and a member may
 * be promoted and end before it has told anybody: so the number is reserved in etcd with the claim, and every lower one
 * counts as used from then on (I9).
 */
import type { ClusterState, ReservedTimeline } from './cluster.ts';
import { leading } from './cluster-queries.ts';
import type { PostgresView, StandbyView } from './postgres-view.ts';
import { type Timeline, timeline } from './units.ts';
import type { View } from './view.ts';

/** When the key cannot be read, more promotions than that were hardly begun since the history was last told of one. */
const untoldMax = 16;

/** What a claim reserves: one more than any number heard of; null for data that starts as a primary again, as it was. */
export function reservation(view: View, state: ClusterState): ReservedTimeline | null {
  const own = promotable(view.postgres);
  if (own === null) return null;
  const rows = state.history.kind === 'present' ? state.history.value.map((row) => row.newTimeline) : [];
  const reserved = state.timeline.kind === 'present' ? state.timeline.value.number : 0;
  const unread = state.timeline.kind === 'malformed' ? untoldMax : 0;
  const number = timeline(Math.max(own, reserved, failed(view) ?? 0, ...rows) + 1 + unread);
  return { number, member: view.self.name };
}

/**
 * The number that was reserved for this standby in this term, and that no promotion here was begun with, other than the
 * one that is under way; else null.
 */
export function reservedFor(view: View, state: ClusterState, standby: StandbyView): Timeline | null {
  // PostgreSQL writes on the new timeline before it says that it is out of recovery.
  if (view.operation.kind === 'busy' && view.operation.spec.kind === 'promote') return view.operation.spec.timeline;
  const key = state.timeline;
  const term = leading(state)?.term;
  if (key.kind !== 'present' || term === undefined || key.modRevision < term) return null;
  const { number, member } = key.value;
  return member === view.self.name && number > Math.max(standby.timeline, failed(view) ?? 0) ? number : null;
}

/** A promotion that failed may have got as far as to begin its timeline. */
function failed({ operation }: View): Timeline | null {
  const last = operation.kind === 'idle' ? operation.last : null;
  return last?.spec.kind === 'promote' && !last.outcome.ok ? last.spec.timeline : null;
}

function promotable(pg: PostgresView): Timeline | null {
  if (pg.kind === 'standby') return pg.timeline;
  return pg.kind === 'stopped' && pg.data.standbySignal ? pg.data.timeline : null;
}
