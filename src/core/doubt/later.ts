/**
 * One view, some time later: whatever fails in it has gone on failing, whatever is well has gone on being well. Headroom is
 * measured with it, and what a journal does not say between two views is bounded by it.
 */
import { leading } from '../cluster-queries.ts';
import type { PostgresView } from '../postgres-view.ts';
import { after, type MemberName, type MonoMs, type Ms, wallMs } from '../units.ts';
import type { CoordinatorView, GuardianView, PeerView, ProbeView, View } from '../view.ts';

/** A renewal that is later than so many heartbeats has failed. */
const lateHeartbeats = 3;
/** The stream that has brought nothing for more than this many of the leader's own writes has fallen silent. */
const lateWrites = 1.5;
/** As old as the newest of answers that come every second is on the average; what comes oftener tells no more. */
const answerAgeMs: Ms = 500;
/** A member of etcd that is there says so every half a second, and one without a leader every second. */
const reachedAgeMaxMs: Ms = 1_200;
/** What E3 may still be of (evidence.ts). */
const leaseFreshMs: Ms = 1_500;

export function later(view: View, byMs: Ms): View {
  return {
    ...view,
    nowMono: after(view.nowMono, byMs),
    nowWall: wallMs(view.nowWall + byMs),
    coordinator: coordinatorLater(view, byMs),
    guardian: guardianLater(view, byMs),
    postgres: postgresLater(view, byMs),
    peers: new Map([...view.peers].map(([name, peer]) => [name, peerLater(view, peer, byMs)] as const)),
  };
}

/** The candidate knows of a leader's lease that nothing of it is left: etcd takes the key away with it. */
export function withLeaseRunOut(view: View): View {
  if (view.coordinator.kind !== 'read') return view;
  const lead = leading(view.coordinator.state);
  const lease = lead === null || lead.key.member === view.self.name ? null : leaseOf(view, lead.key.member);
  if (lease === null || lease.remainingS > 0 || view.nowMono - lease.atMono > leaseFreshMs) return view;
  const state = { ...view.coordinator.state, leader: { kind: 'absent' } as const };
  const leaderAbsentSinceMono = after(lease.atMono, lease.remainingS * 1_000);
  return { ...view, coordinator: { ...view.coordinator, state, leaderAbsentSinceMono } };
}

const leaseOf = (view: View, member: MemberName): PeerView['lease'] => view.peers.get(member)?.lease ?? null;

function coordinatorLater({ coordinator, nowMono }: View, byMs: Ms): CoordinatorView {
  if (coordinator.kind !== 'read') return coordinator;
  const { reachedMono, confirmedMono, answeredMono, unreachableSinceMono } = coordinator;
  const reached =
    reachedMono !== null && nowMono - reachedMono <= reachedAgeMaxMs ? after(reachedMono, byMs) : reachedMono;
  if (unreachableSinceMono !== null) return { ...coordinator, reachedMono: reached };
  return {
    ...coordinator,
    reachedMono: reached,
    confirmedMono: answeredBy(confirmedMono, nowMono, byMs),
    answeredMono: answeredBy(answeredMono, nowMono, byMs),
  };
}

/** The newest of answers that go on coming, as of `byMs` from now. */
const answeredBy = (atMono: MonoMs, nowMono: MonoMs, byMs: Ms): MonoMs =>
  after(nowMono, byMs - Math.max(nowMono - atMono, answerAgeMs));

function guardianLater({ guardian, policy, nowMono }: View, byMs: Ms): GuardianView {
  const { lease } = guardian;
  if (lease.kind !== 'held' || nowMono - lease.confirmedSentMono > lateHeartbeats * policy.lease.heartbeatMs)
    return guardian;
  return { ...guardian, lease: { ...lease, confirmedSentMono: after(lease.confirmedSentMono, byMs) } };
}

function postgresLater({ postgres: pg, policy, nowMono }: View, byMs: Ms): PostgresView {
  const { writeIntervalMs } = policy.probe;
  const goesOn = (atMono: MonoMs, writes: number) => nowMono - atMono <= writes * writeIntervalMs;
  if (pg.kind === 'standby') {
    const streams = pg.receiverGoneSinceMono === null && goesOn(pg.receivedChangedMono, lateWrites);
    return {
      ...pg,
      seenMono: after(pg.seenMono, byMs),
      receivedChangedMono: streams ? after(pg.receivedChangedMono, byMs) : pg.receivedChangedMono,
    };
  }
  if (pg.kind !== 'primary') return pg;
  const { failingSinceMono, failingSilently, probe } = pg;
  const { provedSentMono, pendingSinceMono, ackedSentMono } = probe;
  // Of a server that serves nobody new it is not assumed that its sessions are served, unless one was seen to be.
  const acknowledges = (sentMono: MonoMs | null) =>
    sentMono !== null &&
    goesOn(sentMono, 2 * lateWrites) &&
    (failingSinceMono === null || (failingSilently && sentMono > failingSinceMono));
  const moved = (atMono: MonoMs | null, goesOnBy: MonoMs | null) =>
    acknowledges(goesOnBy) && atMono !== null ? after(atMono, byMs) : atMono;
  return {
    ...pg,
    seenMono: after(pg.seenMono, byMs),
    walsenders: pg.walsenders.map((sender) =>
      goesOn(sender.flushChangedMono, 2 * lateWrites)
        ? { ...sender, flushChangedMono: after(sender.flushChangedMono, byMs) }
        : sender,
    ),
    probe: {
      ...probe,
      provedSentMono: moved(provedSentMono, provedSentMono),
      ackedSentMono: moved(ackedSentMono, ackedSentMono),
      pendingSinceMono: moved(pendingSinceMono, ackedSentMono),
    },
  };
}

function peerLater({ policy, nowMono }: View, peer: PeerView, byMs: Ms): PeerView {
  const again = Math.floor(byMs / policy.probe.doubtIntervalMs);
  const probed = (probe: ProbeView | null) => {
    if (probe === null) return null;
    const atMono = probe.outcome === 'ok' ? answeredBy(probe.atMono, nowMono, byMs) : after(probe.atMono, byMs);
    return { ...probe, atMono, count: probe.count + again };
  };
  const answers = peer.daemon?.outcome === 'ok';
  const { report, lease, daemon } = peer;
  // Of a host whose daemon does not answer it is not assumed that its guardian goes on renewing.
  const silentMs = daemon === null || answers ? 0 : nowMono + byMs - daemon.sinceMono;
  return {
    postgres: probed(peer.postgres),
    daemon: probed(daemon),
    report: report === null || !answers ? report : { ...report, atMono: after(report.atMono, byMs) },
    lease: lease === null ? null : leaseLater(lease, silentMs, byMs),
  };
}

function leaseLater(lease: NonNullable<PeerView['lease']>, silentMs: Ms, byMs: Ms): NonNullable<PeerView['lease']> {
  const { remainingS, grantedS, atMono } = lease;
  const isStale = remainingS <= grantedS - 2;
  const left = isStale ? remainingS - Math.floor(byMs / 1_000) : grantedS - 1 - Math.floor(silentMs / 1_000);
  return { grantedS, atMono: after(atMono, byMs), remainingS: Math.min(remainingS, left) };
}
