/** What an observer's recorder is told of who leads and who stands by, between one state of etcd and the next. Pure. */
import type { ClusterState } from '../../core/cluster.ts';
import { leading, memberRecord, syncOf } from '../../core/cluster-queries.ts';
import type { Place } from '../../core/sla/incident.ts';
import type { RecorderFact } from '../../core/sla/recorder.ts';
import type { MemberName } from '../../core/units.ts';
import type { View } from '../../core/view.ts';
import { divergenceFacts, redundancyFacts } from '../redundancy-facts.ts';

/** `view`: the observer's, of this moment. */
export function observedFacts(was: ClusterState | null, state: ClusterState, view: View): readonly RecorderFact[] {
  const at = { atMono: view.nowMono, wall: view.nowWall };
  return [
    ...leaderFacts(was, state, at),
    ...divergenceFacts(was, state, at),
    ...redundancyFacts(null, view, state, was, at),
  ];
}

type At = Pick<Extract<RecorderFact, { readonly kind: 'leader-seen' }>, 'atMono' | 'wall'>;

function leaderFacts(was: ClusterState | null, state: ClusterState, at: At): readonly RecorderFact[] {
  const lead = leading(state);
  if (lead === null) return [];
  const leader = place(state, lead.key.member);
  const mode = syncOf(state)?.mode ?? null;
  const timeline = memberRecord(state, lead.key.member)?.timeline ?? null;
  const seen: RecorderFact = { kind: 'leader-seen', ...at, leader, term: lead.term, timeline, mode };
  const old = was === null ? null : leading(was);
  const sync = was === null ? null : syncOf(was);
  // The first leader of a new cluster succeeds nobody.
  if (was === null || sync === null) return old?.term === lead.term ? [] : [seen];
  if (old?.term !== lead.term)
    return [
      {
        kind: 'leader-changed-elsewhere',
        ...at,
        leader,
        term: lead.term,
        previousLeader: place(was, old?.key.member ?? sync.leader),
        previousTerm: old?.term ?? null,
      },
    ];
  const before = memberRecord(was, lead.key.member)?.timeline ?? null;
  return sync.mode !== mode || before !== timeline ? [seen] : [];
}

const place = (state: ClusterState, member: MemberName): Place => ({
  member,
  location: memberRecord(state, member)?.location ?? '',
});
