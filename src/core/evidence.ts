/** The evidence for an early takeover (I7; docs/safety.md): what the standby's daemon has gathered about the leader. */
import type { MemberName, MonoMs, Ms } from './units.ts';
import type { StandbyView } from './postgres-view.ts';
import type { PeerView, ProbeView, View } from './view.ts';

export interface EvidenceItem {
  readonly id: 'E3' | 'E4' | 'E5' | 'E6' | 'refused-twice' | 'unannounced';
  readonly holds: boolean;
  readonly detail: string;
}

export interface Evidence {
  /** All that an early takeover needs is there. */
  readonly complete: boolean;
  readonly items: readonly EvidenceItem[];
}

/** A probe's answer older than this says nothing about now. */
const probeFreshMs: Ms = 1_500;

/**
 * Whole seconds that a living leader's lease never falls short of by two: etcd shows `granted - 1` while renewals
 * arrive and `granted - 2` after one silent second (measured: 547 of 547 reads).
 */
const staleBelowGrantedS = 2;

export function gatherEvidence(view: View, standby: StandbyView, leader: MemberName): Evidence {
  const peer = view.peers.get(leader);
  const items: EvidenceItem[] = [
    streamSilent(view, standby),
    notOk('E5', 'postgres', peer?.postgres ?? null, view.nowMono),
    notOk('E6', 'daemon', peer?.daemon ?? null, view.nowMono),
    unannounced(view, peer),
    heartbeatStale(view.nowMono, peer),
    refusedTwice(view, peer),
  ];
  const holds = (id: EvidenceItem['id']) => items.some((item) => item.id === id && item.holds);
  const complete =
    holds('E4') && holds('E5') && holds('E6') && holds('unannounced') && (holds('E3') || holds('refused-twice'));
  return { complete, items };
}

/** All that a doubt is made of. */
export type Doubting = Pick<View, 'peers' | 'policy' | 'postgres'>;

/** Any single piece of bad news about the leader: probes go from their calm to their doubting cadence. */
export function inDoubt(view: Doubting, leader: MemberName): boolean {
  const peer = view.peers.get(leader);
  if (peer?.postgres != null && peer.postgres.outcome !== 'ok') return true;
  if (peer?.daemon != null && peer.daemon.outcome !== 'ok') return true;
  return view.postgres.kind === 'standby' && isStreamSilent(view, view.postgres);
}

/** Somebody else leads, and there is a doubt about it. */
export function leaderInDoubt(view: View): boolean {
  const leader = view.coordinator.kind === 'read' ? view.coordinator.state.leader : null;
  return leader?.kind === 'present' && leader.value.member !== view.self.name && inDoubt(view, leader.value.member);
}

/** The opposite of every doubt: all that can be seen of `leader` says that it serves as a primary. */
export function servesStill(view: View, standby: StandbyView, leader: MemberName): boolean {
  const peer = view.peers.get(leader);
  const fresh = (atMono: MonoMs) => view.nowMono - atMono <= probeFreshMs;
  const isOk = (probe: ProbeView | null | undefined) => probe?.outcome === 'ok' && fresh(probe.atMono);
  return (
    standby.follows === leader &&
    standby.streamingFrom !== null &&
    !isStreamSilent(view, standby) &&
    isOk(peer?.postgres) &&
    isOk(peer?.daemon) &&
    peer?.report?.role === 'primary' &&
    fresh(peer.report.atMono)
  );
}

const isStreamSilent = (view: Doubting, standby: StandbyView): boolean =>
  standby.receiverGoneSinceMono !== null ||
  standby.seenMono - standby.receivedChangedMono >= view.policy.failover.streamSilenceMs;

function streamSilent(view: View, standby: StandbyView): EvidenceItem {
  const limitMs = view.policy.failover.streamSilenceMs;
  const holds = isStreamSilent(view, standby);
  if (standby.receiverGoneSinceMono !== null) {
    const goneMs = Math.max(0, Math.round(standby.seenMono - standby.receiverGoneSinceMono));
    return { id: 'E4', holds, detail: `no walreceiver for ${goneMs} ms` };
  }
  const silentMs = Math.round(standby.seenMono - standby.receivedChangedMono);
  return { id: 'E4', holds, detail: `stream unchanged for ${silentMs} ms (limit ${limitMs})` };
}

function notOk(id: 'E5' | 'E6', what: string, probe: ProbeView | null, nowMono: MonoMs): EvidenceItem {
  if (probe === null) return { id, holds: false, detail: `${what} not probed yet` };
  const ageMs = Math.round(nowMono - probe.atMono);
  if (ageMs > probeFreshMs) return { id, holds: false, detail: `${what} last probed ${ageMs} ms ago` };
  return { id, holds: probe.outcome !== 'ok', detail: `${what} ${probe.outcome} ${ageMs} ms ago` };
}

function unannounced(view: View, peer: PeerView | undefined): EvidenceItem {
  const request = view.coordinator.kind === 'read' ? view.coordinator.state.request : null;
  const announced =
    (request?.kind === 'present' && request.value.kind === 'switchover') ||
    (peer?.report?.planned === true && view.nowMono - peer.report.atMono <= probeFreshMs);
  return {
    id: 'unannounced',
    holds: !announced,
    detail: announced ? 'a planned stop is announced' : 'nothing planned',
  };
}

function heartbeatStale(nowMono: MonoMs, peer: PeerView | undefined): EvidenceItem {
  const lease = peer?.lease ?? null;
  if (lease === null) return { id: 'E3', holds: false, detail: 'lease not read yet' };
  const ageMs = Math.round(nowMono - lease.atMono);
  const stale = lease.remainingS <= lease.grantedS - staleBelowGrantedS;
  const detail = `lease shows ${lease.remainingS} of ${lease.grantedS} s, read ${ageMs} ms ago`;
  return { id: 'E3', holds: stale && ageMs <= probeFreshMs, detail };
}

/** The host's kernel answers and nobody listens: in a synchronous mode nothing can be acknowledged behind that. */
function refusedTwice(view: View, peer: PeerView | undefined): EvidenceItem {
  const apartMs = view.policy.failover.refusedConfirmMs;
  const confirmed = (probe: ProbeView | null | undefined) =>
    probe != null &&
    probe.outcome === 'refused' &&
    probe.count >= 2 &&
    probe.atMono - probe.sinceMono >= apartMs &&
    view.nowMono - probe.atMono <= probeFreshMs;
  const holds = confirmed(peer?.postgres) && confirmed(peer?.daemon);
  return {
    id: 'refused-twice',
    holds,
    detail: holds ? `both refused twice, ${apartMs} ms apart` : 'not both refused twice',
  };
}
