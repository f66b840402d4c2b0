/** Nobody holds the leader key: create the cluster, take the key, wait for whoever has the better claim, or stay down. */
import { mayGoOn } from './backing.ts';
import { because } from './because.ts';
import type { ClusterState, MemberRecord, SyncKey } from './cluster.ts';
import { dataMembers, eligible, ownCopy, ownLease, syncOf } from './cluster-queries.ts';
import { cooldown, describeCooldown } from './cooldown.ts';
import { createCluster } from './create-cluster.ts';
import { claimFor } from './decide-follower.ts';
import { endIfOld, endRequest } from './decide-switchover.ts';
import type { Decision } from './decision.ts';
import { servesStill } from './evidence.ts';
import { isRejoining } from './own-state.ts';
import { wouldSucceed } from './remote-fence.ts';
import { reservation } from './reserved-timeline.ts';
import { scarceRoom } from './room.ts';
import { servingOn } from './serve-on.ts';
import { asynchronousCandidates, rank } from './successor.ts';
import { namedCopies } from './sync-membership.ts';
import { takeLeadership } from './transactions.ts';
import { endUnentitledPrimary } from './unentitled.ts';
import type { LeaseId, Lsn, MemberName, MonoMs, Ms, Timeline } from './units.ts';
import type { View } from './view.ts';

/** A better-placed standby is given this long to take the key before the next one does. */
const yieldMs: Ms = 700;
/**
 * The last leader is given this long to take its key back while it still serves: its lease was deleted alive, or ran out
 * in an etcd that stood still. Its guardian asks for another one within a heartbeat.
 */
const retakeMs: Ms = 1_000;
/** A server of ours that has not answered for so long is no candidate. */
const unseenMs: Ms = 1_500;

export function decideLeaderless(view: View, state: ClusterState): Decision {
  const unentitled = endUnentitledPrimary(view, state);
  if (unentitled !== null) return unentitled;
  if (view.postgres.kind === 'primary' && !mayGoOn(view, state)) {
    return because('fence-deadline', "the leader key is gone and our lease's deadline has passed", {
      kind: 'fence',
      reason: 'lease deadline',
    });
  }
  return servingOn(view, state, whoLeadsNext(view, state));
}

function whoLeadsNext(view: View, state: ClusterState): Decision {
  const lease = ownLease(view);
  if (lease === null) return because('await-lease', 'no lease yet: etcd has not granted one');
  if (view.postgres.kind === 'unknown') return because('observe-first', 'what postgres does is not known yet');
  const sync = syncOf(state);
  const asked = decideRequestLeaderless(view, state, lease);
  if (asked !== null) return asked;
  if (state.initialize.kind === 'absent' && sync === null) return createCluster(view, state, lease);
  if (sync === null)
    return because(
      'hold-malformed',
      "the sync key is missing: nobody can tell who has every commit. Restore it from etcd's backup, or force a failover",
    );
  return campaign(view, state, sync, lease);
}

/**
 * A forced failover is for the very case that nobody leads. The candidate takes the key if that loses nothing, or if the
 * operator accepted the loss and made sure that the old primary is off; whoever sees it grow old ends it.
 */
function decideRequestLeaderless(view: View, state: ClusterState, lease: LeaseId): Decision | null {
  const end = endIfOld(view, state);
  if (end !== null) return end;
  if (state.request.kind !== 'present') return null;
  const request = state.request.value;
  const pg = view.postgres;
  if (request.kind !== 'failover' || request.candidate !== view.self.name || state.initialize.kind === 'absent')
    return null;
  if (pg.kind !== 'standby' && pg.kind !== 'stopped') return null;
  if (pg.kind === 'stopped' && pg.data.unstartable !== null)
    return endRequest(view, state, 'request-refused', pg.data.unstartable);
  const sync = syncOf(state);
  const copyId = ownCopy(pg);
  const lossless = sync !== null && sync.mode !== 'off' && eligible(state, view.self.name, copyId).holds;
  if (!lossless && !(request.allowDataLoss && request.oldPrimaryIsFenced)) {
    return endRequest(
      view,
      state,
      'request-refused',
      'it may lose acknowledged commits, and the request does not say both --allow-data-loss and --old-primary-is-fenced',
    );
  }
  // A claim with data that is being changed would have to be given up at once, and name a copy that may be gone by then.
  if (isRejoining(view))
    return because(
      'await-leader',
      'the data here is being made ready to follow another member: the failover begins when that has ended',
    );
  if (view.memory.committing !== null || copyId === null) return null;
  const none: SyncKey = { leader: view.self.name, standbys: [], mode: view.policy.synchronous.mode, copies: {} };
  return because('forced-take-over', `${request.by} asked for it: ${request.reason || 'no reason given'}`, {
    kind: 'commit',
    purpose: 'take-over',
    txn: takeLeadership(
      state,
      view.self.name,
      lease,
      claimFor(view, sync ?? none, { copyId }),
      wouldSucceed(view, state),
      reservation(view, state),
    ),
  });
}

function campaign(view: View, state: ClusterState, sync: SyncKey, lease: LeaseId): Decision {
  const pg = view.postgres;
  if (pg.kind === 'absent' || pg.kind === 'unusable') {
    return because(
      'await-leader',
      pg.kind === 'absent' ? 'no data here: somebody who has it must lead first' : pg.problem,
    );
  }
  if (pg.kind === 'starting') return because('await-postgres', 'postgres is starting');
  if (pg.kind === 'stopped' && pg.data.unstartable !== null) return because('hold-unusable', pg.data.unstartable);
  if (pg.kind === 'standby' && view.nowMono - pg.seenMono > unseenMs)
    return because('await-postgres', 'our own postgres does not answer');
  if (view.self.nofailover && sync.leader !== view.self.name)
    return because('await-leader', 'this member is tagged nofailover');
  const copy = ownCopy(pg);
  const may = eligible(state, view.self.name, copy);
  if (!may.holds) return because('await-leader', may.why);
  const scarce = scarceRoom(view);
  const promotes = pg.kind === 'standby' || (pg.kind === 'stopped' && pg.data.standbySignal);
  if (scarce !== null && promotes)
    return because('await-room', `the key is free, and a promotion here would fail: ${scarce}. Make room`);
  const wait = sync.mode === 'off' ? waitAsynchronous(view, state, sync) : waitSynchronous(view, state, sync);
  if (wait !== null) return wait;
  const cooling = sync.leader === view.self.name ? null : cooldown(view, state);
  if (cooling !== null) return because('hold-cooldown', `the key is free, and ${describeCooldown(cooling)}`);
  if (view.memory.committing !== null) return because('campaign', 'a transaction is under way');
  const claim = waitsForNamed(view, sync) ? sync : claimFor(view, sync, { copyId: copy });
  return because('campaign', `the key is free and ${may.why}`, {
    kind: 'commit',
    purpose: 'campaign',
    txn: takeLeadership(
      state,
      view.self.name,
      lease,
      plain(claim),
      wouldSucceed(view, state),
      reservation(view, state),
    ),
  });
}

/** A primary that never stopped waiting for those it named may keep them; anybody else claims alone. */
function waitsForNamed({ postgres: pg, self }: View, sync: SyncKey): boolean {
  if (sync.leader !== self.name) return false;
  if (pg.kind === 'stopped') return !pg.data.standbySignal;
  return (
    pg.kind === 'primary' && pg.waitsRuledBy === null && namedCopies(sync).every((name) => pg.waitsFor.includes(name))
  );
}

const plain = ({ leader, standbys, mode, copies }: SyncKey): SyncKey => ({ leader, standbys, mode, copies });

/** Who is named in `sync` may take a free key at once; of several, the best placed first. */
function waitSynchronous(view: View, state: ClusterState, sync: SyncKey): Decision | null {
  const pg = view.postgres;
  if (pg.kind === 'primary') return null;
  const absentMs = view.nowMono - absentSince(view);
  const others = namedRecords(view, state, sync);
  if (pg.kind === 'standby') {
    const running = others.filter(
      (other) => other.role === 'replica' && (other.state === 'streaming' || other.state === 'running'),
    );
    const first = rank([...running, ownRank(view)])[0];
    if (first?.name !== view.self.name && absentMs < yieldMs)
      return because('yield-campaign', `${first?.name} comes first`);
    if (knownAbsentMs(view) < retakeMs && servesStill(view, pg, sync.leader))
      return because('yield-campaign', `${sync.leader} serves still, and may take its key back`);
    return null;
  }
  return coldStart(view, sync, others, absentMs);
}

/**
 * Postgres is down on every side as far as is known: the last leader leads again, because nobody has more; else the
 * furthest of those that `sync` names, once all of them have reported or `coldStartWait` has passed.
 */
function coldStart(view: View, sync: SyncKey, others: readonly MemberRecord[], absentMs: Ms): Decision | null {
  const named = new Set<MemberName>([sync.leader, ...sync.standbys]);
  named.delete(view.self.name);
  const runs = others.find((other) => other.role === 'replica' && other.state === 'streaming');
  const waitMs = view.policy.failover.coldStartWaitMs;
  if (runs !== undefined && absentMs < waitMs)
    return because('yield-campaign', `${runs.name} is up and may take the key`);
  // Whoever claimed since would be named as the leader, and PostgreSQL sends no WAL that it has not flushed itself.
  if (sync.leader === view.self.name && view.postgres.kind === 'stopped' && !view.postgres.data.standbySignal)
    return null;
  const allReported = others.length === named.size && others.every((other) => other.lsn !== null);
  const upMs = Math.min(absentMs, view.nowMono - view.self.startedMono);
  if (!allReported && upMs < waitMs) {
    return because(
      'cold-start-wait',
      `waiting for ${[...named].join(', ')} to report what it has, ${Math.ceil((waitMs - upMs) / 1000)} s more`,
    );
  }
  const best = rank([...others, ownRank(view)])[0];
  if (best !== undefined && best.name !== view.self.name && absentMs < 2 * waitMs) {
    return because('yield-campaign', `${best.name} has more: timeline ${best.timeline ?? '?'}`);
  }
  return null;
}

/** Mode `off`: a lease that vanished may have been deleted alive, so its old holder's own deadline is waited for (I7). */
function waitAsynchronous(view: View, state: ClusterState, sync: SyncKey): Decision | null {
  if (sync.leader === view.self.name) return yieldWithHungDisk(view, state);
  const old = [...state.members.values()].find((key) => key.kind === 'present' && key.value.name === sync.leader);
  const fenced = old?.kind === 'present' && old.value.fencedTerm !== null;
  const absentMs = view.nowMono - absentSince(view);
  if (!fenced && absentMs < view.policy.lease.ttlMs) {
    return because(
      'await-old-deadline',
      `mode off: ${sync.leader} may act on its lease for ${Math.ceil((view.policy.lease.ttlMs - absentMs) / 1000)} s more`,
    );
  }
  if (view.postgres.kind === 'stopped')
    return because('await-leader', 'mode off: only the last leader starts by itself after a cold start');
  const told = [view.peers.get(sync.leader)?.report?.lsn ?? null, view.toldLsn.get(sync.leader) ?? null];
  const [known] = told.filter((each) => each !== null).toSorted((a, b) => (a > b ? -1 : 1));
  if (view.postgres.kind === 'standby') {
    if (known === undefined)
      return because(
        'hold-lag',
        `mode off: nobody here knows how far ${sync.leader} was: baton failover --allow-data-loss overrides`,
      );
    const behind = known - view.postgres.receivedLsn;
    if (behind > BigInt(view.policy.failover.maxLagBytes)) {
      return because(
        'hold-lag',
        `${behind} bytes behind what ${sync.leader} last reported, maxLag is ${view.policy.failover.maxLagBytes}: baton failover --allow-data-loss overrides`,
      );
    }
  }
  const better = rank([
    ...namedRecords(view, state, { ...sync, standbys: dataMembers(state).map(({ name }) => name) }),
    ownRank(view),
  ]).find((each) => each.name !== sync.leader);
  if (better !== undefined && better.name !== view.self.name && absentMs < view.policy.lease.ttlMs + yieldMs)
    return because('yield-campaign', `${better.name} has more`);
  return null;
}

/** The last leader gave the key up because its disk hangs. Whoever can take it has the time that I7 demands of it. */
function yieldWithHungDisk(view: View, state: ClusterState): Decision | null {
  const [candidate] = asynchronousCandidates(view, state);
  const absentMs = view.nowMono - absentSince(view);
  if (!view.memory.diskHung || candidate === undefined || absentMs >= view.policy.lease.ttlMs + 2 * yieldMs)
    return null;
  return because('yield-campaign', `the disk here hung a moment ago, and ${candidate.name} may take the key`);
}

const absentSince = ({ coordinator, nowMono }: View): MonoMs =>
  (coordinator.kind === 'read' ? coordinator.leaderAbsentSinceMono : null) ?? nowMono;

/** As long as etcd is known to have answered: nobody could take the key from one that stands still. */
const knownAbsentMs = (view: View): Ms =>
  (view.coordinator.kind === 'read' ? view.coordinator.confirmedMono : view.nowMono) - absentSince(view);

/** What the other named members say of themselves, as the copies that `sync` names. */
function namedRecords(view: View, state: ClusterState, sync: SyncKey): readonly MemberRecord[] {
  return [sync.leader, ...sync.standbys]
    .filter((name) => name !== view.self.name)
    .map((name) => state.members.get(name))
    .flatMap((key) => (key?.kind === 'present' ? [key.value] : []))
    .filter((record) => sync.mode === 'off' || record.copyId === sync.copies[record.name]);
}

function ownRank(view: View): {
  name: MemberName;
  timeline: Timeline | null;
  lsn: Lsn | null;
  priority: number;
} {
  const pg = view.postgres;
  const at =
    pg.kind === 'standby'
      ? { timeline: pg.timeline, lsn: pg.receivedLsn > pg.replayLsn ? pg.receivedLsn : pg.replayLsn }
      : pg.kind === 'primary'
        ? { timeline: pg.timeline, lsn: pg.currentLsn }
        : pg.kind === 'stopped'
          ? { timeline: pg.data.timeline, lsn: pg.data.lsn }
          : { timeline: null, lsn: null };
  return { name: view.self.name, priority: view.self.priority, ...at };
}
