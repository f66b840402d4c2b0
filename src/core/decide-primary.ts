/** The key is ours and postgres is out of recovery: lead, look after who is waited for, and stop when it must be. */
import { backing, mayGoOn } from './backing.ts';
import { because } from './because.ts';
import { clockJumpUnconfirmed } from './clock-jump.ts';
import type { ClusterState } from './cluster.ts';
import { claimed, claimedLast, dataMembers, syncOf } from './cluster-queries.ts';
import { decideRequest } from './decide-switchover.ts';
import type { Decision, Intent } from './decision.ts';
import { healthyStandbys, joinStep, leaveStep, proofHolds } from './sync-membership.ts';
import { automaticSuccessor, successor, successorWithinLag } from './successor.ts';
import { writeHistory, writeSync } from './transactions.ts';
import type { MemberName, Ms, Revision } from './units.ts';
import type { PrimaryView } from './postgres-view.ts';
import type { View } from './view.ts';

export function decidePrimary(view: View, state: ClusterState, primary: PrimaryView, term: Revision): Decision {
  const guard: Intent = { kind: 'guard', term };
  const fatal = mustStop(view, state, primary);
  if (fatal !== null) return fatal;
  const decision =
    hostShutsDown(view, state) ??
    decideRequest(view, state, primary) ??
    closeUnwaiting(state, primary) ??
    admission(view, state, primary, term) ??
    abortLostProof(view, state, primary) ??
    leaveStep(view, primary, state) ??
    housekeeping(view, state, primary) ??
    joinStep(view, primary, state) ??
    steady(view, state);
  return { ...decision, intents: [guard, ...decision.intents] };
}

function mustStop(view: View, state: ClusterState, primary: PrimaryView): Decision | null {
  const sync = syncOf(state);
  if (!claimed(state, view.self.name) && sync !== null && claimedLast(view, state)) {
    const { leader, mode, copies } = sync;
    const own = Object.fromEntries(Object.entries(copies).filter(([name]) => name === leader));
    return because(
      'claim-again',
      'the key is ours in a new term, and nobody has claimed since we did: sync is written for it',
      { kind: 'commit', purpose: 'claim', txn: writeSync(state, { leader, mode, standbys: [], copies: own }) },
    );
  }
  if (!claimed(state, view.self.name)) {
    return because(
      'fence-unclaimed',
      'postgres is out of recovery and sync was not claimed in this term: somebody promoted it by hand',
      { kind: 'fence', reason: 'a primary without a claim' },
    );
  }
  if (!mayGoOn(view, state)) {
    return because('fence-deadline', "the lease's deadline has passed and nothing else proves our leadership", {
      kind: 'fence',
      reason: 'lease deadline',
    });
  }
  const unconfirmed = clockJumpUnconfirmed(view, state, primary);
  if (unconfirmed !== null) return unconfirmed;
  return hung(view, state, primary);
}

/** Frozen, or on a disk that is. A commit that waits for a standby is neither: that is for `sync` to mend. */
function hung(view: View, state: ClusterState, primary: PrimaryView): Decision | null {
  const { hangMs } = view.policy.failover;
  const failingMs = primary.failingSinceMono === null ? 0 : view.nowMono - primary.failingSinceMono;
  const { stuckSinceMono } = primary.probe;
  const stuckMs = stuckSinceMono === null ? 0 : primary.seenMono - stuckSinceMono;
  if (stuckMs >= hangMs) {
    // Nothing is gained by a restart on the same disk: only for somebody who can lead on another one (ADR 13).
    const end = { timeline: primary.timeline, lsn: primary.currentLsn };
    const next = automaticSuccessor(view, state) ?? successorWithinLag(view, state, end);
    if (next !== null)
      return because(
        'fence-hung',
        `no commit has become durable here for ${Math.round(stuckMs)} ms (does the disk hang?), and ${next.name} can lead`,
        { kind: 'fence', reason: 'the disk hangs', blames: 'disk' },
      );
  }
  const patience = servesSessions(view, primary) ? sessionsPatience : 1;
  if (failingMs < patience * hangMs || !othersAnswered(view, failingMs)) return null;
  const next = automaticSuccessor(view, state);
  return because(
    'fence-hung',
    `postgres has served nobody new for ${Math.round(failingMs)} ms${next === null ? '' : `, and ${next.name} can lead`}`,
    { kind: 'fence', reason: 'postgres hangs', blames: 'postgres' },
  );
}

/** So many times as long may fresh connections fail while the sessions that are there are served (ADR 28). */
export const sessionsPatience = 4;

/**
 * A commit of ours that was sent since fresh connections began to time out was acknowledged, and that was not long ago.
 * One that answers that it serves nobody is believed.
 */
function servesSessions(
  { nowMono, policy }: View,
  { failingSinceMono, failingSilently, probe: { ackedSentMono } }: PrimaryView,
): boolean {
  if (failingSinceMono === null || !failingSilently || ackedSentMono === null) return false;
  return ackedSentMono > failingSinceMono && nowMono - ackedSentMono < policy.failover.hangMs;
}

/** After a standstill of the whole machine others may be answered a moment before PostgreSQL is. */
const answeredAgoMs: Ms = 300;

/**
 * While PostgreSQL did not answer another host or etcd did, and not only just now. On a machine that gives nobody the
 * processor nobody is answered, whoever is asked: that is no fault of PostgreSQL's.
 */
function othersAnswered({ nowMono, peers, coordinator }: View, failingMs: Ms): boolean {
  const probes = [...peers.values()].flatMap(({ postgres, daemon }) => [postgres, daemon]);
  const answers = probes.flatMap((probe) =>
    probe?.outcome === 'ok' || probe?.outcome === 'refused' ? probe.atMono : [],
  );
  return [...answers, ...(coordinator.kind === 'read' ? [coordinator.answeredMono] : [])].some(
    (atMono) => nowMono - atMono < failingMs && nowMono - atMono >= answeredAgoMs,
  );
}

/** The guardian was told to end: a candidate gets the key after a clean stop, within the time that the guardian gives us. */
function hostShutsDown(view: View, state: ClusterState): Decision | null {
  if (view.guardian.terminating !== true) return null;
  const next = successor(view, state);
  if (next === null) return null;
  return because('stop-for-shutdown', `this host shuts down and ${next.name} can lead`, {
    kind: 'operate',
    operation: { kind: 'stop', mode: 'fast', limitMs: shutdownLimitMs, reason: 'the host shuts down' },
  });
}

/** Mode `strict`: why commits are not known to wait for another member; null when they do, and in the other modes. */
function unwaiting(state: ClusterState, primary: PrimaryView): string | null {
  if (syncOf(state)?.mode !== 'strict') return null;
  if (primary.waitsRuledBy !== null) return `what commits wait for comes from ${primary.waitsRuledBy}`;
  return primary.waitsFor.length === 0 && !primary.waitsForNobody ? 'commits wait for nobody' : null;
}

/** Somebody changed the settings, or the mode has just become strict: who is in may be told of commits that one disk has. */
function closeUnwaiting(state: ClusterState, primary: PrimaryView): Decision | null {
  const why = unwaiting(state, primary);
  if (why === null || primary.admits !== 'everybody') return null;
  return because('close-unwaiting', `mode strict, and ${why}: clients are put out until a commit was seen to wait`, {
    kind: 'operate',
    operation: { kind: 'admit', whom: 'baton-only' },
  });
}

/**
 * I8: clients come in once a commit was seen to wait. That a standby has a commit shows nothing: it streams those too
 * that nobody waited for. And once every standby that `sync` names has a commit of this run, which has all before it.
 */
function admission(view: View, state: ClusterState, primary: PrimaryView, term: Revision): Decision | null {
  if (primary.admits === 'everybody' || unwaiting(state, primary) !== null) return null;
  const sync = syncOf(state);
  const nothingToProve =
    sync !== null && sync.mode !== 'strict' && sync.standbys.length === 0 && primary.waitsFor.length === 0;
  const proved = primary.waitsFor.length > 0 && proofHolds(view, primary, term);
  if (nothingToProve || proved || primary.probe.seenWaiting) {
    // What recovery brought back may be on this disk alone: whoever reads it must find it again at the next leader's.
    const onOneDisk = sync !== null && sync.standbys.length > 0 && primary.probe.provedSentMono === null;
    if (onOneDisk) return null;
    return because('admit-clients', nothingToProve ? 'no commit has to wait' : 'a commit was seen to wait', {
      kind: 'operate',
      operation: { kind: 'admit', whom: 'everybody' },
    });
  }
  const standby =
    sync === null
      ? undefined
      : healthyStandbys(primary, state, sync).find((each) => primary.waitsFor.includes(each.copyName));
  if (standby === undefined) return null;
  return because('prove-before-admission', `clients come in once a commit was seen waiting for ${standby.member}`, {
    kind: 'operate',
    operation: {
      kind: 'prove-wait',
      standby: standby.member,
      copyName: standby.copyName,
      term,
      names: primary.waitsFor,
    },
  });
}

/** A proof that waits for a standby that has gone would hold up the step that lets commits go on. */
function abortLostProof(view: View, state: ClusterState, primary: PrimaryView): Decision | null {
  if (view.operation.kind !== 'busy' || view.operation.spec.kind !== 'prove-wait') return null;
  const { standby } = view.operation.spec;
  const sync = state.sync.kind === 'present' ? state.sync.value : null;
  if (sync === null || healthyStandbys(primary, state, sync).some((each) => each.member === standby)) return null;
  return because('abort-lost-proof', `${standby} no longer streams`, {
    kind: 'abort-operation',
    reason: `${standby} no longer streams`,
  });
}

function housekeeping(view: View, state: ClusterState, primary: PrimaryView): Decision | null {
  const own = view.memory.promotion;
  if (own !== null && state.history.kind !== 'malformed' && view.memory.committing === null) {
    const rows = state.history.kind === 'present' ? state.history.value : [];
    if (
      !rows.some((row) => row.newTimeline === own.newTimeline && row.lsn === own.lsn && row.newLeader === own.newLeader)
    ) {
      return because('write-history', `timeline ${primary.timeline} is entered into the history`, {
        kind: 'commit',
        purpose: 'write-history',
        txn: writeHistory(state, [...rows, own].slice(-historyRowsMax)),
      });
    }
  }
  if (!primary.furnished || membersWithSlots(view, state).some((name) => !view.memory.furnishedFor.includes(name))) {
    return because('furnish', 'roles and slots for the other members', {
      kind: 'operate',
      operation: { kind: 'furnish', slotsFor: slotsFor(view, state) },
    });
  }
  // Not before clients are in: the checkpointer, busy with it, would switch the waiting of commits on late.
  if (primary.checkpointTimeline !== primary.timeline && primary.admits === 'everybody') {
    return because('checkpoint-promoted', 'a rewind against this timeline works only after a checkpoint on it', {
      kind: 'operate',
      operation: { kind: 'checkpoint', request: null },
    });
  }
  return null;
}

const shutdownLimitMs: Ms = 10_000;

/** A failover every day for a year, and the key stays far below etcd's limit of 1.5 MiB. */
const historyRowsMax = 400;

function slotsFor(view: View, state: ClusterState): readonly MemberName[] {
  return [...new Set([...view.memory.furnishedFor, ...membersWithSlots(view, state)])].toSorted();
}

/** The other members, some of them twice. Those whose key has run out keep their slot, to come back without a clone. */
function membersWithSlots(view: View, state: ClusterState): readonly MemberName[] {
  const names = state.sync.kind === 'present' ? (Object.keys(state.sync.value.copies) as MemberName[]) : [];
  for (const { name } of dataMembers(state)) names.push(name);
  return names.filter((name) => name !== view.self.name);
}

function steady(view: View, state: ClusterState): Decision {
  const unreachable = view.coordinator.kind === 'read' && view.coordinator.unreachableSinceMono !== null;
  if (unreachable) {
    const by = backing(view, state).kind;
    const why =
      by === 'nobody-eligible'
        ? 'nobody else is eligible'
        : by === 'proved-commits'
          ? 'the synchronous standby still acknowledges'
          : 'the lease has not run out';
    return because('lead-blind', `etcd does not answer; ${why}`);
  }
  const standbys = state.sync.kind === 'present' ? state.sync.value.standbys : [];
  if (standbys.length === 0 && state.sync.kind === 'present' && state.sync.value.mode !== 'off') {
    return because('lead-exposed', 'leading with no synchronous standby: nobody could take over without loss');
  }
  return because('lead', standbys.length === 0 ? 'leading' : `leading; ${standbys.join(', ')} could take over`);
}
