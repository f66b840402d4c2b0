/** What speaks against a leader in one view, and how near it is to its limit: all that a doubt begins with. */
import { claimed, isMine, leading, syncOf } from '../cluster-queries.ts';
import type { ClusterState } from '../cluster.ts';
import type { PrimaryView, StandbyView } from '../postgres-view.ts';
import { type MemberName, type MonoMs, monoMs, type Ms, type Revision } from '../units.ts';
import type { ProbeOutcome, View } from '../view.ts';

export const SIGNS = [
  // seen by whoever could take over
  'postgres-refused',
  'postgres-timed-out',
  'postgres-unreachable',
  'daemon-refused',
  'daemon-timed-out',
  'daemon-unreachable',
  'stream-silent',
  'stream-gone',
  'lease-silent',
  'key-gone',
  // seen by the leader itself
  'renewal-late',
  'standby-silent',
  'connections-fail',
  'commits-stuck',
  // seen by whoever writes as a client does
  'writes-fail',
] as const;

export type SignName = (typeof SIGNS)[number];

export interface Sign {
  readonly name: SignName;
  /** Since when this has been so, as far as this host knows. */
  readonly sinceMono: MonoMs;
}

/** Whom a member watches over: the leader that it could succeed, or its own leadership. */
export interface Watched {
  readonly about: MemberName;
  readonly as: 'leader' | 'candidate';
  /** Null while nobody holds the key. */
  readonly term: Revision | null;
  /** Somebody is about to stop or move the leader: nothing of that is a doubt. */
  readonly planned: boolean;
  readonly signs: readonly Sign[];
}

/**
 * How much of a limit is used up before that is a sign: below it lies what healthy members show. A journal has the views
 * from there on, so that limits down to these shares of those in force can be tried on it.
 */
export const signShare = { lease: 0.5, stream: 0.75, failsafe: 0.5, hang: 1 / 3 } as const;

/** Null for a member that neither leads nor could take over, and before the cluster is there. */
export function watched(view: View): Watched | null {
  if (view.coordinator.kind !== 'read' || view.coordinator.state.initialize.kind === 'absent') return null;
  const { state } = view.coordinator;
  const lead = leading(state);
  const planned = isPlanned(view, state);
  if (lead === null) return leaderless(view, state, planned);
  const { member: about } = lead.key;
  if (about !== view.self.name) {
    if (view.postgres.kind !== 'standby') return null;
    return { about, as: 'candidate', term: lead.term, planned, signs: againstLeader(view, view.postgres, about) };
  }
  if (!isMine(view, state) || !claimed(state, about) || view.postgres.kind !== 'primary') return null;
  return { about, as: 'leader', term: lead.term, planned, signs: againstOwn(view, view.postgres) };
}

/** The key has gone without a word. Whose it was is what `sync` says. */
function leaderless(view: View, state: ClusterState, planned: boolean): Watched | null {
  const about = syncOf(state)?.leader ?? null;
  if (about === null || view.coordinator.kind !== 'read') return null;
  const gone: Sign = { name: 'key-gone', sinceMono: view.coordinator.leaderAbsentSinceMono ?? view.nowMono };
  if (about === view.self.name && view.postgres.kind === 'primary')
    return { about, as: 'leader', term: null, planned, signs: [gone, ...againstOwn(view, view.postgres)] };
  if (about === view.self.name || view.postgres.kind !== 'standby') return null;
  return { about, as: 'candidate', term: null, planned, signs: [gone, ...againstLeader(view, view.postgres, about)] };
}

function isPlanned(view: View, state: ClusterState): boolean {
  const leader = leading(state)?.key.member;
  const report = leader === undefined ? null : (view.peers.get(leader)?.report ?? null);
  return state.request.kind === 'present' || report?.planned === true || view.guardian.terminating === true;
}

function againstLeader(view: View, standby: StandbyView, leader: MemberName): readonly Sign[] {
  const peer = view.peers.get(leader);
  const signs: Sign[] = [];
  for (const what of ['postgres', 'daemon'] as const) {
    const probe = peer?.[what] ?? null;
    if (probe !== null && probe.outcome !== 'ok')
      signs.push({ name: signOfProbe(what, probe.outcome), sinceMono: probe.sinceMono });
  }
  const { receiverGoneSinceMono, receivedChangedMono, seenMono } = standby;
  if (receiverGoneSinceMono !== null) signs.push({ name: 'stream-gone', sinceMono: receiverGoneSinceMono });
  else if (seenMono - receivedChangedMono >= signShare.stream * view.policy.failover.streamSilenceMs)
    signs.push({ name: 'stream-silent', sinceMono: receivedChangedMono });
  const lease = peer?.lease ?? null;
  // A living leader's lease never shows less than one second below what was granted (E3).
  if (lease !== null && lease.remainingS <= lease.grantedS - 2) {
    const silentMs = (lease.grantedS - lease.remainingS - 1) * 1_000;
    signs.push({ name: 'lease-silent', sinceMono: monoMs(lease.atMono - silentMs) });
  }
  return signs;
}

const signOfProbe = (what: 'postgres' | 'daemon', outcome: Exclude<ProbeOutcome, 'ok'>): SignName =>
  `${what}-${outcome}` as const;

function againstOwn(view: View, primary: PrimaryView): readonly Sign[] {
  const { lease: times, failover } = view.policy;
  const { lease } = view.guardian;
  const signs: Sign[] = [];
  const renewedMono = lease.kind === 'held' ? lease.confirmedSentMono : null;
  const renewedMs = renewedMono === null ? 0 : view.nowMono - renewedMono;
  if (renewedMono !== null && renewedMs >= signShare.lease * (times.ttlMs - times.marginMs))
    signs.push({ name: 'renewal-late', sinceMono: renewedMono });
  const { provedSentMono, stuckSinceMono } = primary.probe;
  const late = (atMs: Ms) => atMs >= signShare.failsafe * failover.failsafeWindowMs;
  if (provedSentMono !== null && primary.waitsFor.length > 0 && late(view.nowMono - provedSentMono) && late(renewedMs))
    signs.push({ name: 'standby-silent', sinceMono: provedSentMono });
  if (primary.failingSinceMono !== null) signs.push({ name: 'connections-fail', sinceMono: primary.failingSinceMono });
  if (stuckSinceMono !== null && primary.seenMono - stuckSinceMono >= signShare.hang * failover.hangMs)
    signs.push({ name: 'commits-stuck', sinceMono: stuckSinceMono });
  return signs;
}

const says: Readonly<Record<SignName, string>> = {
  'postgres-refused': 'postgres refused connections',
  'postgres-timed-out': 'probes of postgres timed out',
  'postgres-unreachable': 'postgres could not be reached',
  'daemon-refused': 'its daemon refused connections',
  'daemon-timed-out': 'probes of its daemon timed out',
  'daemon-unreachable': 'its daemon could not be reached',
  'stream-silent': 'the stream was silent',
  'stream-gone': 'the stream was gone',
  'lease-silent': 'its lease was not renewed',
  'key-gone': 'the leader key was gone',
  'renewal-late': 'lease renewal late',
  'standby-silent': 'the standby acknowledged late',
  'connections-fail': 'fresh connections failed',
  'commits-stuck': 'commits did not become durable',
  'writes-fail': 'probe writes failed',
};

/** As it stands in tables: some words without a full stop. */
export const signText = (name: string): string => (says as Readonly<Record<string, string>>)[name] ?? name;
