/** What an operator asks for: checked, placed in etcd where the member that must act sees it, and followed to its end. */
import { type AuditEntry, auditKey } from '../core/audit.ts';
import type { ClusterState, OperatorRequest } from '../core/cluster.ts';
import { eligible, leading, memberRecord, syncOf } from '../core/cluster-queries.ts';
import { refusal } from '../core/decide-switchover.ts';
import type { Decision } from '../core/decision.ts';
import { acknowledge, cooldown } from '../core/cooldown.ts';
import { acknowledgeFailovers, placeRequest } from '../core/transactions.ts';
import { elapsed, type MonoMs, type Ms } from '../core/units.ts';
import type { View } from '../core/view.ts';
import type { Clock } from '../ports/clock.ts';
import type { Coordinator, Snapshot, TxnOutcome } from '../ports/coordinator.ts';
import type { RequestDraft, RequestProgress, ResumeDraft, SubmitOutcome } from '../ports/daemon-face.ts';

const commitLimitMs: Ms = 2_000;
const followedMax = 100;

export interface RequestsContext {
  readonly clock: Clock;
  readonly coordinator: Coordinator;
  readonly newId: () => string;
  latest(): { readonly view: View; readonly decision: Decision } | null;
  snapshot(): Snapshot | null;
}

export class Requests {
  readonly #context: RequestsContext;
  readonly #placed = new Map<string, MonoMs>();

  constructor(context: RequestsContext) {
    this.#context = context;
  }

  /** `drill`: what it costs is to be recorded as one. */
  async submit(draft: RequestDraft, drill = false): Promise<SubmitOutcome> {
    const { clock, coordinator, newId } = this.#context;
    const latest = this.#context.latest();
    if (latest === null || latest.view.coordinator.kind !== 'read') return notReadYet;
    const { state } = latest.view.coordinator;
    const request: OperatorRequest = {
      ...draft,
      drill,
      id: newId(),
      requestedAt: new Date(clock.wall()).toISOString(),
      shutdownLsn: null,
    };
    const refused = precondition(latest.view, state, request);
    if (refused !== null) return { kind: 'refused', ...refused };
    const outcome = await coordinator.commit(placeRequest(state, request), commitLimitMs);
    if (outcome.kind !== 'applied') return notPlaced(outcome);
    this.#placed.set(request.id, clock.mono());
    for (const id of this.#placed.keys()) if (this.#placed.size > followedMax) this.#placed.delete(id);
    return { kind: 'accepted', id: request.id };
  }

  /** Automation may move the leadership again: the failovers so far have been looked at. */
  async resume({ by, reason }: ResumeDraft): Promise<SubmitOutcome> {
    const { clock, coordinator } = this.#context;
    const latest = this.#context.latest();
    if (latest === null || latest.view.coordinator.kind !== 'read') return notReadYet;
    const { state } = latest.view.coordinator;
    const cooling = cooldown(latest.view, state);
    if (cooling === null)
      return { kind: 'refused', condition: 'held', problem: 'automation is not held for repeated failovers' };
    const acknowledgement = acknowledge(cooling, by, reason, clock.wall());
    const outcome = await coordinator.commit(acknowledgeFailovers(state, acknowledgement), commitLimitMs);
    return outcome.kind === 'applied' ? { kind: 'accepted', id: `timeline-${cooling.timeline}` } : notPlaced(outcome);
  }

  progress(id: string): RequestProgress {
    const snapshot = this.#context.snapshot();
    const latest = this.#context.latest();
    if (snapshot === null || latest === null || latest.view.coordinator.kind !== 'read') return { kind: 'not-known' };
    const pending = latest.view.coordinator.state.request;
    if (pending.kind === 'present' && pending.value.id === id)
      return { kind: 'under-way', step: latest.decision.because };
    const entry = snapshot.entries.get(auditKey(id));
    const ended = entry === undefined ? null : parseAudit(entry.value);
    if (ended === null) return { kind: 'not-known' };
    if (ended.outcome !== 'done') return { kind: 'failed', problem: ended.problem ?? ended.outcome };
    const placedMono = this.#placed.get(id);
    const tookMs =
      placedMono === undefined
        ? Date.parse(ended.endedAt) - Date.parse(ended.requestedAt)
        : Math.round(elapsed(placedMono, this.#context.clock.mono()));
    return { kind: 'done', leader: ended.candidate as OperatorRequest['candidate'], tookMs };
  }
}

const notReadYet: SubmitOutcome = {
  kind: 'refused',
  condition: 'etcd-read',
  problem: 'this daemon has not read etcd yet: look at baton status',
};

function notPlaced(outcome: Exclude<TxnOutcome, { kind: 'applied' }>): SubmitOutcome {
  switch (outcome.kind) {
    case 'refused':
      return {
        kind: 'refused',
        condition: 'unchanged',
        problem: 'what it was decided on changed meanwhile: look at baton status and ask again',
      };
    case 'failed':
      return { kind: 'refused', condition: 'etcd', problem: outcome.problem };
    case 'unknown':
      return {
        kind: 'unknown',
        problem: `etcd did not answer in time (${outcome.problem}); it may be carried out: baton status shows it`,
      };
  }
}

function parseAudit(text: string): AuditEntry | null {
  try {
    const value = JSON.parse(text) as AuditEntry;
    return typeof value.outcome === 'string' ? value : null;
  } catch {
    return null;
  }
}

interface Refused {
  readonly condition: string;
  readonly problem: string;
}

function precondition(view: View, state: ClusterState, request: OperatorRequest): Refused | null {
  const lead = leading(state);
  if (state.request.kind === 'present') {
    return {
      condition: 'no-request-pending',
      problem: `${state.request.value.by} asked for ${state.request.value.candidate} to lead and that is not done yet`,
    };
  }
  if (view.memory.held.length > 0)
    return { condition: 'automation-not-held', problem: view.memory.held[0]?.reason ?? 'automation is held' };
  if (request.leader !== (lead?.key.member ?? null) || (request.term !== null && request.term !== lead?.term)) {
    return {
      condition: 'leader-unchanged',
      problem: `you decided on ${request.leader ?? 'no leader'}, and now ${lead?.key.member ?? 'nobody'} leads: look again`,
    };
  }
  const record = memberRecord(state, request.candidate);
  if (record === null)
    return {
      condition: 'candidate-registered',
      problem: `${request.candidate} is not a member that is up: see baton status`,
    };
  if (record.role === 'observer')
    return {
      condition: 'candidate-has-data',
      problem: `${request.candidate} is an observer: it has no PostgreSQL to promote. Name a member that has one`,
    };
  if (lead?.key.member === request.candidate)
    return { condition: 'candidate-is-not-leader', problem: `${request.candidate} leads already` };
  return request.kind === 'switchover'
    ? switchoverCondition(view, state, request)
    : failoverCondition(view, state, request);
}

function switchoverCondition(view: View, state: ClusterState, request: OperatorRequest): Refused | null {
  if (leading(state) === null)
    return {
      condition: 'leader-present',
      problem: 'nobody leads, so there is nothing to hand over: baton failover promotes a member',
    };
  if (view.postgres.kind === 'primary') {
    const problem = refusal(view, state, view.postgres, request);
    return problem === null ? null : { condition: 'candidate-ready', problem };
  }
  const may = eligible(state, request.candidate, memberRecord(state, request.candidate)?.copyId ?? null);
  return may.holds ? null : { condition: 'candidate-eligible', problem: may.why };
}

/** A forced failover may lose commits, or meet an old primary that nobody has fenced: each needs to be said. */
function failoverCondition(view: View, state: ClusterState, request: OperatorRequest): Refused | null {
  const may = eligible(state, request.candidate, memberRecord(state, request.candidate)?.copyId ?? null);
  const sync = syncOf(state);
  const lossless = may.holds && sync !== null && sync.mode !== 'off';
  if (!lossless && !request.allowDataLoss) {
    return {
      condition: 'no-loss',
      problem: `${may.why}; promoting ${request.candidate} may lose acknowledged commits: --allow-data-loss accepts that`,
    };
  }
  // A leader with no standby named may go on without etcd after its key has run out (I6), so the last one that claimed counts.
  const old = leading(state)?.key.member ?? sync?.leader ?? null;
  const oldAnswers =
    old === null ||
    old === view.self.name ||
    old === request.candidate ||
    view.peers.get(old)?.daemon?.outcome === 'ok';
  if (!lossless && !oldAnswers && !request.oldPrimaryIsFenced) {
    return {
      condition: 'old-primary-fenced',
      problem: `${old} does not answer and may still acknowledge commits: make sure that it is off, then say --old-primary-is-fenced`,
    };
  }
  return null;
}
