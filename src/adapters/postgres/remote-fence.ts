/**
 * Stops another server through itself, as superuser, in one session: what is proved of the server in it stays true in
 * it, since a run of a primary never goes back into recovery and never changes its timeline.
 */
import { escapeLiteral } from 'pg';
import { type FoundServer, whyNotTarget } from '../../core/fence-target.ts';
import type { RemoteFenceOutcome } from '../../core/remote-fence.ts';
import type { Lsn, MemberName, Ms, Timeline } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Expected, FenceSteps } from '../../ports/postgres.ts';
import { closeToClients } from './close-to-clients.ts';
import { OperationFailure, SessionFailure } from './failure.ts';
import { parseCopy } from './marks.ts';
import { flag, number, only, optionalLsn, optionalText, text } from './row.ts';
import { openSession, type Session, type SessionTarget } from './session.ts';
import { freezePostmaster, killEverybody } from './stop-script.ts';
import { until } from './until.ts';

const connectLimitMs: Ms = 1_000;
const askLimitMs: Ms = 1_000;
const killLimitMs: Ms = 2_500;
const everyMs: Ms = 5;
/** How long sessions may take to end when they are told to; then they are killed. */
const farewellMs: Ms = 500;

export interface RemoteFence {
  readonly clock: Clock;
  readonly target: SessionTarget;
  readonly expected: Expected;
  readonly steps: FenceSteps;
  readonly replicationUsername: string;
  readonly signal: AbortSignal;
}

export async function fenceRemotely(fence: RemoteFence): Promise<RemoteFenceOutcome> {
  const { clock, target, signal } = fence;
  let session: Session | null = null;
  try {
    // The kernel of a frozen host accepts connections too: nothing is waited for without a limit.
    session = await openSession(clock, { ...target, settings: commitsAlone }, connectLimitMs, signal);
    return await fenceThrough(session, fence);
  } catch (failure) {
    if (failure instanceof SessionFailure || failure instanceof OperationFailure)
      return { kind: 'failed', problem: failure.message };
    throw failure;
  } finally {
    session?.destroy();
  }
}

/** Its own commit must not wait for a standby that has gone. */
const commitsAlone = { synchronous_commit: 'local' };

async function fenceThrough(session: Session, fence: RemoteFence): Promise<RemoteFenceOutcome> {
  const { expected, steps, signal } = fence;
  const why = whyNotTarget(await found(session, expected.target.member, signal), expected.target, expected.serverName);
  if (why !== null) return { kind: 'another-server', why };
  if (!(await steps.mayGoOn())) return { kind: 'failed', problem: 'the leader key is not known to be ours any more' };
  if (await runsPrograms(session, signal)) {
    const drained = await drain(fence, () => stopCommits(session, fence));
    await program(session, killEverybody, killLimitMs, signal);
    return { kind: 'fenced', how: 'killed', drained };
  }
  await closeToClients(session, fence);
  return { kind: 'fenced', how: 'closed', drained: await drain(fence, () => end(session, signal)) };
}

/** A server without a shell, or in a sandbox, can at least be closed. */
const runsPrograms = (session: Session, signal: AbortSignal): Promise<boolean> =>
  program(session, 'exit 0', askLimitMs, signal).then(
    () => true,
    (failure: unknown) => {
      if (failure instanceof SessionFailure && failure.outcome === 'answered') return false;
      throw failure;
    },
  );

/** `ended`: where commits end, once there are no more. What fails here is no reason to leave the server as it is. */
async function drain(
  { steps, signal }: RemoteFence,
  ended: () => Promise<Lsn>,
): Promise<{ readonly upTo: Lsn; readonly complete: boolean } | null> {
  if (steps.received === null) return null;
  try {
    const upTo = await ended();
    return { upTo, complete: await steps.received(upTo) };
  } catch (failure) {
    const expected = failure instanceof OperationFailure || failure instanceof SessionFailure;
    if (!expected || signal.aborted) throw failure;
    return null;
  }
}

async function found(session: Session, member: MemberName, signal: AbortSignal): Promise<FoundServer> {
  const question = `SELECT current_setting('cluster_name') AS server_name, pg_is_in_recovery() AS recovering,
    (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
    pg_postmaster_start_time()::text AS run_id, pg_read_file('baton.copy', 0, 1024, true) AS copy,
    CASE WHEN NOT pg_is_in_recovery() THEN pg_walfile_name(pg_current_wal_insert_lsn()) END AS file`;
  const row = only(await session.run(question, askLimitMs, signal));
  const file = optionalText(row, 'file');
  const copy = optionalText(row, 'copy');
  return {
    serverName: text(row, 'server_name'),
    systemIdentifier: text(row, 'system_identifier'),
    inRecovery: flag(row, 'recovering'),
    timeline: file === null ? null : (Number(`0x${file.slice(0, 8)}`) as Timeline),
    copyId: copy === null ? null : parseCopy(copy, member),
    runId: text(row, 'run_id'),
  };
}

/** Of PostgreSQL 14 to 18. An I/O worker that is gone would leave this session waiting for its pages. */
const commitNothing = `'walsender', 'walwriter', 'walsummarizer', 'checkpointer', 'background writer', 'archiver', 'logger',
  'startup', 'io worker', 'slotsync worker', 'autovacuum launcher', 'logical replication launcher'`;

/** The walsenders stay. Nothing is committed after the position that it returns. */
async function stopCommits(session: Session, { clock, signal }: RemoteFence): Promise<Lsn> {
  await program(session, freezePostmaster, askLimitMs, signal);
  const others = `pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type NOT IN (${commitNothing})`;
  await session.run(`SELECT pg_terminate_backend(pid) FROM ${others}`, askLimitMs, signal);
  await until(
    { clock, limitMs: farewellMs, everyMs, signal },
    async () =>
      number(only(await session.run(`SELECT count(*)::int AS left FROM ${others}`, askLimitMs, signal)), 'left') === 0
        ? true
        : null,
    () => 'sessions do not end',
  ).catch(async (failure: unknown) => {
    if (!(failure instanceof OperationFailure) || signal.aborted) throw failure;
    const pids = await session.run(`SELECT pid FROM ${others}`, askLimitMs, signal);
    const list = pids.map((row) => number(row, 'pid')).join(' ');
    if (list !== '') await program(session, `kill -KILL ${list} 2>/dev/null; exit 0`, askLimitMs, signal);
  });
  return end(session, signal);
}

/** Where its WAL ends, flushed by a commit of our own: also what was committed without waiting for the disk. */
async function end(session: Session, signal: AbortSignal): Promise<Lsn> {
  const question = `BEGIN READ WRITE; SELECT pg_logical_emit_message(true, 'baton', ''); COMMIT;
    SELECT pg_current_wal_flush_lsn()::text AS flushed`;
  const position = optionalLsn(only(await session.run(question, askLimitMs, signal)), 'flushed');
  if (position === null) throw new OperationFailure('PostgreSQL does not say where its WAL ends', true);
  return position;
}

/** Ends when the program has, in the data directory. Throws SessionFailure when it ended with another code than 0. */
async function program(session: Session, script: string, limitMs: Ms, signal: AbortSignal): Promise<void> {
  await session.run(`COPY (SELECT 1 WHERE false) TO PROGRAM ${escapeLiteral(script)}`, limitMs, signal);
}
