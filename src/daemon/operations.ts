/** Runs one operation against the ports: the long work that a decision may begin. Each ends with a value or a problem. */
import type { HistoryRow } from '../core/cluster.ts';
import type { OperationSpec } from '../core/decision.ts';
import { absurd } from '../core/result.ts';
import type { MemberName, MonoMs, Ms, Revision } from '../core/units.ts';
import type { ChildView, OperationResult, OperationValue } from '../core/view.ts';
import type { Clock } from '../ports/clock.ts';
import type { GuardianPort } from '../ports/guardian.ts';
import type { Outcome, Postgres, StartCommand, Upstream } from '../ports/postgres.ts';

export interface OperationContext {
  readonly clock: Clock;
  readonly postgres: Postgres;
  readonly guardian: GuardianPort;
  readonly self: MemberName;
  /** Where another member's PostgreSQL listens; null when it is not known. */
  upstream(member: MemberName): Upstream | null;
  history(): readonly HistoryRow[];
  /** Resolves with what the guardian says of its child once `test` holds; rejects when the signal aborts. */
  untilChild(test: (child: ChildView) => boolean, signal: AbortSignal): Promise<ChildView>;
  /** Whether a promotion may still go on: the key is ours. */
  mayPromote(): boolean;
  /** Keeps durably that this copy is ours before initdb makes it. */
  initializing(copyId: Extract<OperationSpec, { kind: 'initialize' }>['copyId']): Promise<void>;
  /** Resolves once it is kept durably that this member leads in this term; rejects when that cannot be. */
  leadershipKept(term: Revision): Promise<void>;
  newPromotionId(): string;
  /** For the history row of a promotion. */
  promotionReason(): string;
  progress(text: string): void;
}

/** How long each kind of operation may take before it is aborted; a clone is bounded by its progress, not by this. */
const limitsMs: Readonly<Record<OperationSpec['kind'], Ms>> = {
  initialize: 120_000,
  clone: 24 * 3_600_000,
  rejoin: 24 * 3_600_000,
  start: 30_000,
  stop: 60_000,
  promote: 60_000,
  follow: 5_000,
  'wait-for': 10_000,
  'prove-wait': 3_000,
  admit: 5_000,
  checkpoint: 600_000,
  furnish: 10_000,
  'stand-down': 5_000,
  'resume-replay': 2_000,
};

type Ended = OperationResult['outcome'];

export async function runOperation(
  spec: OperationSpec,
  context: OperationContext,
  signal: AbortSignal,
): Promise<Ended> {
  const limit = new AbortController();
  const cancelLimit = context.clock.timer(limitsMs[spec.kind], () => limit.abort(new Error('limit')));
  const bounded = AbortSignal.any([signal, limit.signal]);
  try {
    return await run(spec, context, bounded);
  } catch (error) {
    if (!bounded.aborted) return { ok: false, problem: error instanceof Error ? error.message : String(error) };
    const problem = signal.aborted ? `aborted: ${String(signal.reason)}` : `not done within ${limitsMs[spec.kind]} ms`;
    return { ok: false, problem };
  } finally {
    cancelLimit();
  }
}

async function run(spec: OperationSpec, context: OperationContext, signal: AbortSignal): Promise<Ended> {
  const { postgres } = context;
  switch (spec.kind) {
    case 'initialize':
      await context.initializing(spec.copyId);
      return plain(await postgres.initialize(spec.copyId, signal));
    case 'clone':
      return fromUpstream(spec.leader, context, async (from) =>
        plain(await postgres.clone(from, spec.copyId, signal, context.progress)),
      );
    case 'rejoin':
      return fromUpstream(spec.leader, context, async (from) => {
        const rejoined = await postgres.rejoin(from, context.history(), spec.copyId, signal, context.progress);
        return rejoined.ok ? done({ kind: 'rejoined', kept: rejoined.value.kept }) : failed(rejoined.error.problem);
      });
    case 'start':
      return start(spec, context, signal);
    case 'stop':
      // Best effort: the stop has a limit of its own, and ends in a fence.
      if (spec.mode === 'fast') await postgres.endLogicalStreams(signal);
      await postgres.letGo();
      context.guardian.send({ type: 'stop', mode: spec.mode, limitMs: spec.limitMs, reason: spec.reason });
      await context.untilChild((child) => child.kind === 'none' || child.kind === 'exited', signal);
      return done();
    case 'promote':
      return promote(spec, context, signal);
    case 'follow':
      return fromUpstream(spec.leader, context, async (from) => plain(await postgres.follow(from, signal)));
    case 'wait-for':
      return plain(await postgres.waitFor({ names: spec.names, nobody: spec.nobody }, signal));
    case 'prove-wait':
      return proveWait(spec, context, signal);
    case 'admit':
      return plain(await postgres.admit(spec.whom, signal));
    case 'checkpoint':
      return plain(await postgres.checkpoint(signal));
    case 'furnish': {
      const furnished = await postgres.furnish(spec.slotsFor, signal);
      // Read here too: a daemon that was restarted after its promotion still has to enter it into the history.
      return furnished.ok ? ownPromotion(context, null) : failed(furnished.error.problem);
    }
    case 'stand-down':
      return plain(await postgres.standDown(signal));
    case 'resume-replay':
      return plain(await postgres.resumeReplay(signal));
    default:
      return absurd(spec);
  }
}

const done = (value: OperationValue = { kind: 'done' }): Ended => ({ ok: true, value });
const failed = (problem: string): Ended => ({ ok: false, problem });
const plain = (result: Awaited<Outcome<unknown>>): Ended => (result.ok ? done() : failed(result.error.problem));

async function fromUpstream(
  member: MemberName,
  context: OperationContext,
  work: (from: Upstream) => Promise<Ended>,
): Promise<Ended> {
  const from = context.upstream(member);
  return from === null ? failed(`it is not known where ${member} listens: it has no member key`) : work(from);
}

async function start(
  spec: Extract<OperationSpec, { kind: 'start' }>,
  context: OperationContext,
  signal: AbortSignal,
): Promise<Ended> {
  const { postgres } = context;
  let prepared: Awaited<Outcome<StartCommand>>;
  if (spec.as === 'primary') {
    prepared = await postgres.preparePrimary({ names: spec.waitFor, nobody: spec.waitForNobody }, spec.admits);
  } else {
    prepared = await postgres.prepareStandby(spec.follow === null ? null : context.upstream(spec.follow));
  }
  if (!prepared.ok) return failed(prepared.error.problem);
  if (spec.as === 'primary') await untilLeadershipIsKept(spec.term, context, signal);
  signal.throwIfAborted();
  const askedMono = context.clock.mono();
  // It may be started and killed again before anybody saw it run.
  const ended = (child: ChildView) =>
    child.kind === 'exited' || (child.kind === 'none' && child.lastExit !== null && child.lastExit.atMono >= askedMono);
  context.guardian.send({
    type: 'start',
    as: spec.as,
    term: spec.as === 'primary' ? spec.term : null,
    command: prepared.value,
  });
  const child = await context.untilChild((each) => each.kind === 'running' || ended(each), signal);
  return child.kind === 'running' ? done() : failed('postgres ended at once: the end of its log says why');
}

async function promote(
  spec: Extract<OperationSpec, { kind: 'promote' }>,
  context: OperationContext,
  signal: AbortSignal,
): Promise<Ended> {
  const { postgres } = context;
  if (spec.waitForNobody) {
    // I8: commits must wait from the first on, so nobody is let in before one was seen to.
    const closed = await postgres.admit('baton-only', signal);
    if (!closed.ok) return failed(closed.error.problem);
  }
  await untilLeadershipIsKept(spec.term, context, signal);
  const promoted = await postgres.promote(
    { timeline: spec.timeline, rows: context.history() },
    { names: [], nobody: spec.waitForNobody },
    context.mayPromote,
    signal,
  );
  if (!promoted.ok) {
    const { problem, timelineBegun } = promoted.error;
    return timelineBegun === true ? { ok: false, problem, timelineBegun } : failed(problem);
  }
  return ownPromotion(context, context.clock.mono());
}

/**
 * Before anything is acknowledged in a term, the disk has that it was led here: once etcd has lost its past, nothing else
 * says who has every commit. Usually it has been written by now.
 */
async function untilLeadershipIsKept(term: Revision, context: OperationContext, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(new Error('aborted'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([context.leadershipKept(term), aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The history row of the timeline that this primary is on; null on the first. */
async function ownPromotion(context: OperationContext, outOfRecoveryMono: MonoMs | null): Promise<Ended> {
  const own = await context.postgres.ownHistory();
  if (!own.ok || own.value === null) return done({ kind: 'promoted', row: null, outOfRecoveryMono });
  const { timeline, parent, forkLsn, file } = own.value;
  const row: HistoryRow = {
    timeline: parent,
    lsn: forkLsn,
    reason: context.promotionReason(),
    timestamp: new Date(context.clock.wall()).toISOString(),
    newLeader: context.self,
    promotionId: context.newPromotionId(),
    newTimeline: timeline,
    historyFile: file,
  };
  return done({ kind: 'promoted', row, outOfRecoveryMono });
}

async function proveWait(
  spec: Extract<OperationSpec, { kind: 'prove-wait' }>,
  context: OperationContext,
  signal: AbortSignal,
): Promise<Ended> {
  return fromUpstream(spec.standby, context, async (standby) => {
    const before = await context.postgres.look(1_000);
    const proved = await context.postgres.proveWait(standby, spec.copyName, spec.names, signal);
    if (!proved.ok) return failed(proved.error.problem);
    const after = await context.postgres.look(1_000);
    if (before.kind !== 'primary' || after.kind !== 'primary' || before.runId !== after.runId)
      return failed('postgres restarted during the proof');
    const { standby: member, copyName, term, names } = spec;
    return done({ kind: 'proved', proof: { standby: member, copyName, term, runId: after.runId, waitedFor: names } });
  });
}
