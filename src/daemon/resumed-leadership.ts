/**
 * What the recorder is told of a leadership that this daemon found to be its own when it began: taken by the run before it,
 * which ended before it promoted, and perhaps before it had written down that anything was wrong. Pure.
 */
import type { ClusterState } from '../core/cluster.ts';
import { isMine, leading, memberRecord, predecessorOf } from '../core/cluster-queries.ts';
import type { RecorderFact } from '../core/sla/recorder.ts';
import type { MemberName, MonoMs, WallMs } from '../core/units.ts';
import type { View } from '../core/view.ts';

/**
 * To be asked while the term stays the same, the first look at etcd included. `seen`: what is told of a leadership that is
 * nobody's news. Null when this daemon did not find one that had been taken; empty until guardian and postgres have shown
 * how far it came.
 */
export function resumedLeadership(
  before: View | null,
  view: View,
  state: ClusterState,
  at: { readonly atMono: MonoMs; readonly wall: WallMs },
  seen: () => RecorderFact,
): readonly RecorderFact[] | null {
  const lead = leading(state);
  const from = predecessorOf(state);
  if (lead === null || from === null || lead.key.member !== view.self.name || (before !== null && isKnown(before)))
    return null;
  if (!isKnown(view)) return before?.coordinator.kind === 'read' ? null : [];
  if (!isUnfinished(view, state)) return [seen()];
  const place = (member: MemberName) => ({ member, location: memberRecord(state, member)?.location ?? '' });
  return [
    {
      kind: 'leadership-won',
      ...at,
      leader: place(lead.key.member),
      term: lead.term,
      previousLeader: place(from.member),
      previousTerm: null,
    },
  ];
}

/** The key is known to be ours, and what postgres is. */
const isKnown = (view: View): boolean =>
  view.coordinator.kind === 'read' &&
  isMine(view, view.coordinator.state) &&
  (view.postgres.kind === 'standby' || view.postgres.kind === 'primary');

/** Not promoted yet, or the promotion is not in the history yet, where its leader enters it at once. */
const isUnfinished = ({ postgres }: View, { history }: ClusterState): boolean =>
  postgres.kind === 'standby' ||
  (postgres.kind === 'primary' &&
    !(history.kind === 'present' && history.value.some(({ newTimeline }) => newTimeline === postgres.timeline)));
