/** What the recorder is told of the members that make the cluster redundant, and of what they kept aside before. Pure. */
import type { ClusterState } from '../core/cluster.ts';
import { hasStandby, leading, memberRecord, syncOf } from '../core/cluster-queries.ts';
import type { RecorderFact } from '../core/sla/recorder.ts';
import type { MonoMs, WallMs } from '../core/units.ts';
import type { View } from '../core/view.ts';

type At = { readonly atMono: MonoMs; readonly wall: WallMs };

/** A member that rejoined says what it had diverged by, before it makes the cluster redundant again. */
export function divergenceFacts(was: ClusterState | null, state: ClusterState, at: At): readonly RecorderFact[] {
  if (was === null || was === state) return [];
  return [...state.members.keys()].flatMap((member) => {
    const kept = memberRecord(state, member)?.divergedKept ?? null;
    if (kept === null || memberRecord(was, member)?.divergedKept === kept) return [];
    return [{ kind: 'noted', ...at, says: `${member} kept what it had diverged by: ${kept}` } as const];
  });
}

export function redundancyFacts(
  before: View | null,
  view: View,
  state: ClusterState,
  was: ClusterState | null,
  at: At,
): readonly RecorderFact[] {
  const asynchronous = syncOf(state)?.mode === 'off';
  // Otherwise the keys alone tell it.
  if (state === was && !asynchronous) return [];
  const redundant = (each: ClusterState | null, seen: View | null) => {
    const sync = each === null ? null : syncOf(each);
    const lead = each === null ? null : leading(each);
    if (sync === null || lead === null || sync.leader !== lead.key.member) return false;
    if (sync.mode === 'off' && seen?.postgres.kind === 'primary')
      return seen.postgres.walsenders.some((sender) => sender.state === 'streaming');
    // Seen from elsewhere: what the members say of themselves. Else nobody but the leader would ever close a record.
    return each !== null && hasStandby(each);
  };
  const [now, then] = [redundant(state, view), redundant(was, before)];
  const claimed = syncOf(state)?.leader === leading(state)?.key.member;
  if (now && (!then || leading(state)?.term !== (was === null ? null : leading(was)?.term)))
    return [{ kind: 'redundant', ...at }];
  return !now && then && claimed ? [{ kind: 'redundancy-lost', ...at }] : [];
}
