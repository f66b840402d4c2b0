/**
 * The planned change of leader, step by step from the leader's side. Each step is decided from facts, so that it goes
 * on after a restart: check → checkpoint → fast shutdown → hand over with the shutdown position; or roll back.
 */
import { auditEntry } from './audit.ts';
import { because } from './because.ts';
import type { ClusterState, OperatorRequest } from './cluster.ts';
import { eligible, leading, memberRecord, syncOf } from './cluster-queries.ts';
import type { Decision } from './decision.ts';
import { automaticSuccessor, checkCandidate } from './successor.ts';
import type { HandOverNote } from './hand-over-note.ts';
import type { Rule } from './rules.ts';
import { clearRequest, handBack, handOver } from './transactions.ts';
import { elapsed, type MemberName, type Ms, revision } from './units.ts';
import type { DataDirectory, PrimaryView } from './postgres-view.ts';
import type { View } from './view.ts';

/** A fast shutdown that takes longer is ended by the guardian with SIGKILL, and is a failover then. */
const stopLimitMs: Ms = 10_000;
/** More than this and the shutdown would take too long to send: the request is refused. */
const lagBytesMax = 16n * 1024n * 1024n;

/** A request that was not carried out by then is ended by whoever may: the leader, else any member. */
const requestLimitMs: Ms = 60_000;

export function endIfOld(view: View, state: ClusterState): Decision | null {
  const { requestSeen } = view.memory;
  if (state.request.kind !== 'present' || requestSeen?.id !== state.request.value.id) return null;
  if (view.nowMono - requestSeen.atMono < requestLimitMs || view.operation.kind === 'busy') return null;
  return endRequest(view, state, 'request-refused', `it was not carried out within ${requestLimitMs / 1000} s`);
}

/** What a running primary does about a pending request; null when there is none that concerns it. */
export function decideRequest(view: View, state: ClusterState, primary: PrimaryView): Decision | null {
  if (state.request.kind !== 'present') return null;
  const request = state.request.value;
  const done = request.candidate === view.self.name;
  if (done) return endRequest(view, state, 'request-done', `${view.self.name} leads, as ${request.by} asked`);
  const problem = refusal(view, state, primary, request);
  if (problem !== null) return endRequest(view, state, 'request-refused', problem);
  if (request.kind === 'failover') return endIfOld(view, state) ?? stopForForced(state, request);
  const old = endIfOld(view, state);
  if (old !== null) return old;
  if (view.memory.checkpointedRequest !== request.id) {
    return because('switchover-checkpoint', 'a checkpoint while still open makes the shutdown short', {
      kind: 'operate',
      operation: { kind: 'checkpoint', request: request.id },
    });
  }
  return because(
    'switchover-stop',
    `${request.by} asked for ${request.candidate} to lead: ${request.reason || 'no reason given'}`,
    {
      kind: 'operate',
      operation: { kind: 'stop', mode: 'fast', limitMs: stopLimitMs, reason: `switchover to ${request.candidate}` },
    },
  );
}

/**
 * A candidate that has everything takes the key itself. One that may lack commits is handed it after this primary has
 * stopped, so that nothing more is acknowledged that it would lose.
 */
function stopForForced(state: ClusterState, request: OperatorRequest): Decision | null {
  if (losesNothing(state, request) || !request.allowDataLoss) return null;
  return because('forced-stop', `${request.by} asked for ${request.candidate} to lead, accepting loss`, {
    kind: 'operate',
    operation: { kind: 'stop', mode: 'fast', limitMs: stopLimitMs, reason: `failover to ${request.candidate}` },
  });
}

export function losesNothing(state: ClusterState, request: OperatorRequest): boolean {
  const copyId = memberRecord(state, request.candidate)?.copyId ?? null;
  return syncOf(state)?.mode !== 'off' && eligible(state, request.candidate, copyId).holds;
}

/** Why a request cannot be carried out; null when it can. Checked again at every step, on what holds then. */
export function refusal(
  view: View,
  state: ClusterState,
  primary: PrimaryView,
  request: OperatorRequest,
): string | null {
  const lead = leading(state);
  if (request.leader !== lead?.key.member || (request.term !== null && request.term !== lead.term)) {
    return `it was decided on ${request.leader ?? 'no leader'} in term ${request.term ?? '?'}, and now ${lead?.key.member} leads in term ${lead?.term}`;
  }
  const candidate = memberRecord(state, request.candidate);
  if (request.kind === 'failover')
    return candidate?.role === 'replica' ? null : `${request.candidate} is no running standby`;
  const sync = syncOf(state);
  if (sync === null) return 'the sync key is missing or malformed';
  const check = checkCandidate(view, state, request.candidate);
  const failing = check.conditions.find((each) => !each.holds);
  if (failing !== undefined) return `${request.candidate} cannot lead: ${failing.condition}: ${failing.detail}`;
  if (primary.archiverFails)
    return 'archiving fails here (pg_stat_archiver says why), and a shutdown would wait for it: mend archive_command first';
  if (primary.baseBackups > 0)
    return `a base backup is being taken from ${view.self.name}, and the shutdown would end it: wait for it, or stop it`;
  const record = memberRecord(state, request.candidate);
  const sender = primary.walsenders.find(
    (each) => record?.copyId != null && each.applicationName.endsWith(record.copyId),
  );
  if (sender?.state !== 'streaming' || sender.flushLsn === null)
    return `${request.candidate} does not stream from here`;
  const lag = primary.currentLsn - sender.flushLsn;
  return lag > lagBytesMax ? `${request.candidate} is ${lag} bytes behind` : null;
}

/** The request is over. Null while another transaction is under way, so that leading goes on meanwhile. */
export function endRequest(
  view: View,
  state: ClusterState,
  rule: 'request-done' | 'request-refused' | 'switchover-roll-back',
  why: string,
): Decision | null {
  if (view.memory.committing !== null || state.request.kind !== 'present') return null;
  const outcome = rule === 'request-done' ? 'done' : rule === 'request-refused' ? 'refused' : 'rolled-back';
  const ended = auditEntry(state.request.value, outcome, outcome === 'done' ? null : why, view.nowWall);
  return because(rule, why, { kind: 'commit', purpose: 'clear-request', txn: clearRequest(state, ended) });
}

/** Stopped for a request: the key goes to the candidate, or postgres comes back here. Null when nothing was asked. */
export function handOverSwitchover(view: View, state: ClusterState, data: DataDirectory): Decision | null {
  if (state.request.kind !== 'present') return null;
  const request = state.request.value;
  if (request.leader !== view.self.name || request.shutdownLsn !== null) return null;
  const candidate = memberRecord(state, request.candidate);
  if (request.kind === 'failover') {
    if (candidate === null || candidate.role === 'observer' || !request.allowDataLoss) return null;
    return because('forced-hand-over', `${request.by} asked for ${request.candidate} to lead, accepting loss`, {
      kind: 'commit',
      purpose: 'hand-over',
      txn: handOver(
        state,
        candidate.name,
        candidate.leaseId,
        handOverNote(view, state, candidate.name, 'forced-hand-over', request.reason),
        request,
      ),
    });
  }
  const ready = candidate !== null && checkCandidate(view, state, request.candidate).holds;
  const clean = data.clusterState === 'shut down' && !data.standbySignal;
  if (ready && clean) {
    return because('switchover-hand-over', `shut down at ${request.candidate}'s turn`, {
      kind: 'commit',
      purpose: 'hand-over',
      txn: handOver(
        state,
        candidate.name,
        candidate.leaseId,
        handOverNote(view, state, candidate.name, 'switchover-hand-over', request.reason),
        { ...request, shutdownLsn: data.checkpointLsn },
      ),
    });
  }
  if (!clean && automaticSuccessor(view, state) !== null) return null;
  const why = clean
    ? `${request.candidate} is no longer ready`
    : `postgres did not shut down cleanly (${data.clusterState})`;
  return (
    endRequest(view, state, 'switchover-roll-back', `${why}: postgres comes back here`) ??
    because('switchover-roll-back', why)
  );
}

/** Mode `off`: a candidate that was handed the key and lacks what the old primary had gives it back, before it claims. */
export function rollBack(view: View, state: ClusterState): Decision | null {
  if (state.request.kind !== 'present' || state.request.value.leader === null) return null;
  const old = memberRecord(state, state.request.value.leader);
  if (old === null) return null;
  const why = `the shutdown record of ${old.name} did not arrive: it gets the key back`;
  const ended = auditEntry(state.request.value, 'rolled-back', why, view.nowWall);
  const note = handOverNote(view, state, old.name, 'switchover-hand-back', why);
  return because('switchover-hand-back', why, {
    kind: 'commit',
    purpose: 'hand-over',
    txn: handBack(state, old.name, old.leaseId, note, ended),
  });
}

/** What the successor is told with the key. */
export function handOverNote(view: View, state: ClusterState, to: MemberName, rule: Rule, why: string): HandOverNote {
  const { child } = view.guardian;
  const exit = child.kind === 'none' ? child.lastExit : null;
  return {
    from: view.self.name,
    to,
    term: leading(state)?.term ?? revision(0),
    rule,
    because: why,
    sincePostgresEndedMs: exit === null ? null : elapsed(exit.atMono, view.nowMono),
  };
}
