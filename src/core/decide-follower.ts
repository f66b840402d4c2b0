/** Somebody else holds the leader key: follow it, and take over when the evidence is complete. */
import { because } from './because.ts';
import type { ClusterState, SyncKey } from './cluster.ts';
import { claimed, eligible, type Leading, leading, memberRecord, ownLease, syncOf } from './cluster-queries.ts';
import { cooldown, describeCooldown } from './cooldown.ts';
import { endIfOld, endRequest } from './decide-switchover.ts';
import type { Decision } from './decision.ts';
import { gatherEvidence, inDoubt } from './evidence.ts';
import { failingStandby, pauseAfterStarts } from './failed-starts.ts';
import { wouldSucceed } from './remote-fence.ts';
import { reservation } from './reserved-timeline.ts';
import { scarceRoom } from './room.ts';
import { takeLeadership } from './transactions.ts';
import type { LeaseId, Ms } from './units.ts';
import type { DataDirectory, StandbyView } from './postgres-view.ts';
import { fenceNotLeader, isOrBecomesPrimary } from './unentitled.ts';
import type { View } from './view.ts';

/** The proof of I3 pauses replay for milliseconds; a pause that lasts was left behind by somebody who died. */
const pauseLimitMs: Ms = 500;
/** A standby that cannot stream from a leader that serves has diverged, or lacks WAL: its directory is examined. */
const stuckLimitMs: Ms = 5_000;
/** What our own server has not shown for so long is no evidence against anybody. */
const unseenMs: Ms = 1_500;

export function decideFollower(view: View, state: ClusterState): Decision {
  const lead = leading(state);
  if (lead === null) return because('observe-first', 'the leader key is gone');
  const decision = byPostgres(view, state, lead);
  return decision.intents.some((intent) => intent.kind === 'commit')
    ? decision
    : { ...decision, intents: [{ kind: 'guard', term: null }, ...decision.intents] };
}

function byPostgres(view: View, state: ClusterState, lead: Leading): Decision {
  const pg = view.postgres;
  if (pg.kind === 'primary' || isOrBecomesPrimary(view)) return fenceNotLeader(view, lead);
  switch (pg.kind) {
    case 'unknown':
      return because('observe-first', 'the data directory is being looked at');
    case 'unusable':
      return because('hold-unusable', pg.problem);
    case 'starting':
      return because('await-postgres', 'postgres is starting');
    case 'absent':
      return joinAsNew(view, state, lead);
    case 'stopped':
      return rejoin(view, state, lead, pg.data);
    case 'standby':
      return followAsStandby(view, state, lead, pg);
  }
}

/** The leader's PostgreSQL takes replication connections on the timeline that its term made. */
function leaderServes(view: View, state: ClusterState, lead: Leading): boolean {
  if (!claimed(state, lead.key.member)) return false;
  const says = view.peers.get(lead.key.member)?.report?.role;
  return says === 'primary' || memberRecord(state, lead.key.member)?.role === 'primary';
}

function joinAsNew(view: View, state: ClusterState, lead: Leading): Decision {
  if (state.initialize.kind !== 'present' || !leaderServes(view, state, lead)) {
    return because('await-primary', `${lead.key.member} is not serving yet`);
  }
  return because('clone', `there is no data here: it is copied from ${lead.key.member}`, {
    kind: 'operate',
    operation: { kind: 'clone', leader: lead.key.member, term: lead.term, copyId: view.memory.nextCopyId },
  });
}

function rejoin(view: View, state: ClusterState, lead: Leading, data: DataDirectory): Decision {
  const sync = syncOf(state);
  const start = { kind: 'operate', operation: { kind: 'start', as: 'standby', follow: lead.key.member } } as const;
  const prepared = view.memory.preparedFor;
  if (
    data.unstartable === null &&
    data.standbySignal &&
    prepared?.leader === lead.key.member &&
    prepared.term === lead.term
  ) {
    return startStandby(view, because('start-standby', `the data is ready to follow ${lead.key.member}`, start));
  }
  const namedHere =
    sync !== null &&
    sync.leader === lead.key.member &&
    sync.standbys.includes(view.self.name) &&
    sync.copies[view.self.name] === data.copyId;
  if (namedHere && data.standbySignal && data.unstartable === null) {
    return startStandby(
      view,
      because('restart-standby', 'sync still names this copy: it has not diverged and goes on streaming', start),
    );
  }
  if (namedHere)
    return because(
      'await-sync-removal',
      `sync still names this copy, and it cannot simply go on: ${lead.key.member} has to remove it first`,
    );
  if (!leaderServes(view, state, lead)) return because('await-primary', `${lead.key.member} is not serving yet`);
  return because('rejoin', `the data here is examined against ${lead.key.member}'s history`, {
    kind: 'operate',
    operation: { kind: 'rejoin', leader: lead.key.member, term: lead.term, copyId: view.memory.nextCopyId },
  });
}

/** What does not stay up is started again ever less often, under one name. */
function startStandby(view: View, start: Decision): Decision {
  const { failedStarts: failed } = view.memory;
  const failing = failingStandby(view);
  if (failing === null || failed === null) return start;
  const due = view.nowMono - failed.atMono >= pauseAfterStarts(failed.count);
  return because('retry-standby', failing, ...(due ? start.intents : []));
}

function followAsStandby(view: View, state: ClusterState, lead: Leading, standby: StandbyView): Decision {
  const lease = ownLease(view);
  const forced = forcedFailover(view, state, lead, standby, lease);
  if (forced !== null) return forced;
  const early = lease === null || view.self.nofailover ? null : earlyTakeover(view, state, lead, standby, lease);
  if (early !== null) return early;
  if (standby.replayPausedSinceMono !== null && view.nowMono - standby.replayPausedSinceMono > pauseLimitMs) {
    return because('resume-replay', 'replay was left paused', {
      kind: 'operate',
      operation: { kind: 'resume-replay' },
    });
  }
  if (standby.follows !== lead.key.member) {
    if (!leaderServes(view, state, lead)) return because('await-primary', `${lead.key.member} is not serving yet`);
    return because('follow-new-leader', `${lead.key.member} leads`, {
      kind: 'operate',
      operation: { kind: 'follow', leader: lead.key.member },
    });
  }
  const goneMs = standby.receiverGoneSinceMono === null ? 0 : view.nowMono - standby.receiverGoneSinceMono;
  const leaderAnswers = view.peers.get(lead.key.member)?.postgres?.outcome === 'ok';
  if (goneMs > stuckLimitMs && leaderAnswers && leaderServes(view, state, lead)) {
    return because(
      'stop-stuck-standby',
      `no stream for ${Math.round(goneMs / 1000)} s although ${lead.key.member} serves: the data is examined`,
      { kind: 'operate', operation: { kind: 'stop', mode: 'fast', limitMs: 10_000, reason: 'cannot stream' } },
    );
  }
  if (standby.armed) {
    return because('stand-down', 'a promotion was given up here: readers are let in again, and writers are not', {
      kind: 'operate',
      operation: { kind: 'stand-down' },
    });
  }
  const blind = view.coordinator.kind === 'read' && view.coordinator.unreachableSinceMono !== null;
  return blind
    ? because('follow-blind', 'etcd does not answer; streaming goes on')
    : because('follow', `streaming from ${lead.key.member}`);
}

/** I7: overwriting the key of a silent leader is safe in a synchronous mode; the evidence makes it rare. */
function earlyTakeover(
  view: View,
  state: ClusterState,
  lead: Leading,
  standby: StandbyView,
  lease: LeaseId,
): Decision | null {
  const sync = syncOf(state);
  if (sync === null || sync.mode === 'off' || !sync.standbys.includes(view.self.name)) return null;
  if (!eligible(state, view.self.name, standby.copyId).holds || view.nowMono - standby.seenMono > unseenMs) return null;
  if (scarceRoom(view) !== null) return null;
  // Without a doubt the evidence cannot be complete, and most looks find none.
  if (!inDoubt(view, lead.key.member)) return null;
  const evidence = gatherEvidence(view, standby, lead.key.member);
  if (!evidence.complete) return null;
  const seen = evidence.items
    .filter((item) => item.holds && item.id !== 'unannounced')
    .map((item) => `${item.id}: ${item.detail}`);
  const cooling = cooldown(view, state);
  if (cooling !== null)
    return because(
      'hold-cooldown',
      `${lead.key.member} is gone (${seen.join('; ')}), and ${describeCooldown(cooling)}`,
    );
  if (view.memory.committing !== null) return because('take-over', 'a transaction is under way');
  return because('take-over', `${lead.key.member} is gone (${seen.join('; ')})`, {
    kind: 'commit',
    purpose: 'take-over',
    txn: takeLeadership(
      state,
      view.self.name,
      lease,
      claimFor(view, sync, standby),
      wouldSucceed(view, state),
      reservation(view, state),
    ),
  });
}

/** What an operator asked of this member: it takes the key itself, since the old leader may not be able to give it. */
function forcedFailover(
  view: View,
  state: ClusterState,
  lead: Leading,
  standby: StandbyView,
  lease: LeaseId | null,
): Decision | null {
  if (state.request.kind !== 'present' || view.memory.committing !== null) return null;
  const request = state.request.value;
  const sync = syncOf(state);
  if (request.kind !== 'failover' || request.candidate !== view.self.name || sync === null || lease === null)
    return null;
  const stale = request.leader !== lead.key.member || (request.term !== null && request.term !== lead.term);
  const may = eligible(state, view.self.name, standby.copyId);
  const lossless = may.holds && sync.mode !== 'off';
  const old = memberRecord(state, lead.key.member);
  const fenced = request.oldPrimaryIsFenced || (old?.fencedTerm != null && old.fencedTerm >= lead.term);
  const problem = stale
    ? `${lead.key.member} leads in term ${lead.term}, not what the request was decided on`
    : !lossless && !request.allowDataLoss
      ? `${may.why}: this may lose acknowledged commits, and the request does not allow it`
      : null;
  if (problem !== null) return endRequest(view, state, 'request-refused', problem);
  // A living leader stops first and then hands the key over; it sees the request, or it has to be known to be off.
  if (!lossless && !fenced) return endIfOld(view, state);
  return because('forced-take-over', `${request.by} asked for it: ${request.reason || 'no reason given'}`, {
    kind: 'commit',
    purpose: 'take-over',
    txn: takeLeadership(
      state,
      view.self.name,
      lease,
      claimFor(view, sync, standby),
      wouldSucceed(view, state),
      reservation(view, state),
    ),
  });
}

export function claimFor(view: View, sync: SyncKey, mine: { readonly copyId: StandbyView['copyId'] }): SyncKey {
  return {
    leader: view.self.name,
    standbys: [],
    mode: sync.mode,
    copies: mine.copyId === null ? {} : { [view.self.name]: mine.copyId },
  };
}
