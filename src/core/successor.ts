/** To whom a leader may hand the key, and which of several comes first (a total order). */
import type { ClusterState, MemberRecord } from './cluster.ts';
import { dataMembers, eligible, memberRecord, syncOf } from './cluster-queries.ts';
import { cooldown } from './cooldown.ts';
import { describeRoom, lacksRoom } from './room.ts';
import type { Lsn, MemberName, Ms, Timeline } from './units.ts';
import type { View } from './view.ts';

/** A daemon that answered this recently is taken to be there. */
const seenFreshMs: Ms = 2_500;

export interface CandidateCheck {
  readonly member: MemberName;
  readonly holds: boolean;
  readonly conditions: readonly { readonly condition: string; readonly holds: boolean; readonly detail: string }[];
}

/** Every condition under which `member` could be handed leadership without losing an acknowledged commit. */
export function checkCandidate(view: View, state: ClusterState, member: MemberName): CandidateCheck {
  const record = memberRecord(state, member);
  const may = eligible(state, member, record?.copyId ?? null);
  const peer = view.peers.get(member);
  const answered = peer?.daemon?.outcome === 'ok' && view.nowMono - peer.daemon.atMono <= seenFreshMs;
  const conditions = [
    {
      condition: 'registered',
      holds: record !== null,
      detail: record === null ? 'no member key: its lease has run out' : 'its lease is alive',
    },
    {
      condition: 'eligible',
      holds: may.holds,
      detail: record === null && !may.holds ? 'not known while it is not registered' : may.why,
    },
    {
      condition: 'standby-running',
      holds: record?.role === 'replica' && (record.state === 'streaming' || record.state === 'running'),
      detail: record === null ? 'unknown' : `${record.role}, ${record.state}`,
    },
    {
      condition: 'daemon-answers',
      holds: answered,
      detail:
        peer?.daemon == null
          ? 'not probed yet'
          : `daemon ${peer.daemon.outcome} ${Math.round(view.nowMono - peer.daemon.atMono)} ms ago`,
    },
    {
      condition: 'has-room',
      holds: !lacksRoom(record?.freeBytes ?? null),
      detail: record?.freeBytes == null ? 'not known' : describeRoom(record.freeBytes),
    },
    {
      condition: 'may-fail-over',
      holds: record?.tags['nofailover'] !== true,
      detail: record?.tags['nofailover'] === true ? 'tagged nofailover' : 'not excluded',
    },
  ];
  return { member, holds: conditions.every((each) => each.holds), conditions };
}

/**
 * The best member to hand over to; null when nobody qualifies. Mode `off` has none, as long as its primary can restart in
 * place: that loses nothing.
 */
export function successor(view: View, state: ClusterState): MemberRecord | null {
  const sync = syncOf(state);
  if (sync === null || sync.mode === 'off') return null;
  const candidates = sync.standbys
    .filter((member) => member !== view.self.name && checkCandidate(view, state, member).holds)
    .map((member) => memberRecord(state, member))
    .filter((record) => record !== null);
  return rank(candidates)[0] ?? null;
}

/** Whom this leader may hand over to on its own initiative: nobody while repeated failovers are not acknowledged. */
export const automaticSuccessor = (view: View, state: ClusterState): MemberRecord | null =>
  cooldown(view, state) === null ? successor(view, state) : null;

/** Where the WAL of a primary ended. */
export interface WalEnd {
  readonly timeline: Timeline;
  readonly lsn: Lsn;
}

/**
 * Mode `off`, where this leader cannot serve from its own disk again: whom it may hand over to once its fence is complete.
 * The best of those that lack no more than maxLag of what was written here. Null in the synchronous modes, and when
 * nobody qualifies.
 */
export function successorWithinLag(view: View, state: ClusterState, end: WalEnd): MemberRecord | null {
  const { maxLagBytes } = view.policy.failover;
  const candidates = asynchronousCandidates(view, state)
    .map((record) => ({ ...record, lsn: positionOf(view, record) }))
    .filter(({ timeline, lsn }) => timeline === end.timeline && lsn !== null && end.lsn - lsn <= BigInt(maxLagBytes));
  return rank(candidates)[0] ?? null;
}

/** Mode `off`: who could take a key that this leader gives up, how far behind it may be; nobody in the other modes. */
export function asynchronousCandidates(view: View, state: ClusterState): readonly MemberRecord[] {
  if (syncOf(state)?.mode !== 'off' || cooldown(view, state) !== null) return [];
  return dataMembers(state).filter(({ name }) => name !== view.self.name && checkCandidate(view, state, name).holds);
}

/** What a member's key told, or its daemon since: a copy never goes back. */
function positionOf(view: View, { name, copyId, lsn }: MemberRecord): Lsn | null {
  const report = view.peers.get(name)?.report ?? null;
  const newer = report !== null && report.copyId === copyId ? report.lsn : null;
  return newer !== null && (lsn === null || newer > lsn) ? newer : lsn;
}

interface Ranked {
  readonly name: MemberName;
  readonly timeline: number | null;
  readonly lsn: Lsn | null;
  readonly priority: number;
}

/** Best first: timeline, position, priority, name. Two hosts given the same records name the same winner. */
export function rank<T extends Ranked>(candidates: readonly T[]): readonly T[] {
  return candidates.toSorted(
    (a, b) =>
      (b.timeline ?? 0) - (a.timeline ?? 0) ||
      compareLsn(b.lsn, a.lsn) ||
      b.priority - a.priority ||
      (a.name < b.name ? -1 : 1),
  );
}

const compareLsn = (a: Lsn | null, b: Lsn | null): number => {
  const [left, right] = [a ?? 0n, b ?? 0n];
  return left === right ? 0 : left > right ? 1 : -1;
};
