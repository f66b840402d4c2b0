/** What a member asks of the leader's PostgreSQL before it changes its own data. */
import { historyFileName, parseHistory, type Branch } from '../../core/timeline-history.ts';
import { formatLsn, type Lsn, type Ms, type Timeline } from '../../core/units.ts';
import type { Upstream } from '../../ports/postgres.ts';
import type { Instance } from './instance.ts';
import { flag, number, only, optionalText, text } from './row.ts';
import { openSession, type Session } from './session.ts';
import { segmentName } from './wal-files.ts';

const connectLimitMs: Ms = 2_000;
const askLimitMs: Ms = 5_000;

export interface LeaderFacts {
  readonly systemIdentifier: string;
  readonly inRecovery: boolean;
  readonly timeline: Timeline;
  readonly checkpointTimeline: Timeline;
  readonly branch: Branch | null;
}

/** Opens a session to the leader for `talk`. Throws SessionFailure. */
export async function askLeader<T>(
  instance: Instance,
  leader: Upstream,
  signal: AbortSignal,
  talk: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(instance.clock, instance.remote(leader, 'baton-rejoin'), connectLimitMs, signal);
  try {
    return await talk(session);
  } finally {
    session.destroy();
  }
}

export async function leaderFacts(session: Session, signal: AbortSignal): Promise<LeaderFacts> {
  const question = `SELECT pg_is_in_recovery() AS recovering,
    (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
    (SELECT timeline_id FROM pg_control_checkpoint()) AS checkpoint_timeline,
    CASE WHEN NOT pg_is_in_recovery() THEN pg_walfile_name(pg_current_wal_insert_lsn()) END AS file`;
  const row = only(await session.run(question, askLimitMs, signal));
  const checkpointTimeline = number(row, 'checkpoint_timeline') as Timeline;
  const file = optionalText(row, 'file');
  const timeline = file === null ? checkpointTimeline : (Number(`0x${file.slice(0, 8)}`) as Timeline);
  return {
    systemIdentifier: text(row, 'system_identifier'),
    inRecovery: flag(row, 'recovering'),
    timeline,
    checkpointTimeline,
    branch: await branchThere(session, timeline, signal),
  };
}

async function branchThere(session: Session, timeline: Timeline, signal: AbortSignal): Promise<Branch | null> {
  if (timeline === 1) return { timeline, ancestors: [] };
  const question = `SELECT pg_read_file('pg_wal/${historyFileName(timeline)}', 0, 1048576, true) AS content`;
  const content = optionalText(only(await session.run(question, askLimitMs, signal)), 'content');
  return content === null ? null : { timeline, ancestors: parseHistory(content) };
}

/** Bytes of the leader's WAL at `position` of `timeline`; null when it no longer has them. */
export async function walBytesThere(
  session: Session,
  at: { readonly timeline: Timeline; readonly position: Lsn; readonly segmentBytes: number; readonly length: number },
  signal: AbortSignal,
): Promise<Buffer | null> {
  const file = segmentName(at.timeline, at.position, at.segmentBytes);
  const offset = at.position % BigInt(at.segmentBytes);
  const question = `SELECT encode(pg_read_binary_file('pg_wal/${file}', ${offset}, ${at.length}, true), 'hex') AS bytes`;
  const hex = optionalText(only(await session.run(question, askLimitMs, signal)), 'bytes');
  return hex === null ? null : Buffer.from(hex, 'hex');
}

/**
 * Whether the leader has a slot of that name which nobody uses: a clone then streams through it. One that has lost its WAL is
 * made anew, so that it keeps what the clone will ask for next: until it is streamed through it keeps nothing, and newer
 * versions of PostgreSQL let nobody stream through it again.
 */
export async function reserveSlot(session: Session, name: string, signal: AbortSignal): Promise<boolean> {
  const question = `SELECT active, wal_status IS NOT DISTINCT FROM 'lost' AS lost FROM pg_replication_slots WHERE slot_name = '${name}'`;
  const [slot] = await session.run(question, askLimitMs, signal);
  if (slot === undefined || flag(slot, 'active')) return false;
  if (flag(slot, 'lost')) {
    await session.run(`SELECT pg_drop_replication_slot('${name}')`, askLimitMs, signal);
    await session.run(`SELECT pg_create_physical_replication_slot('${name}', true)`, askLimitMs, signal);
  }
  return true;
}

/** Whether a standby whose WAL ends at `position` can stream on from there: the segment is there, or not begun yet. */
export async function hasWalAfter(
  session: Session,
  position: Lsn,
  segmentBytes: number,
  signal: AbortSignal,
): Promise<boolean> {
  const segment = segmentName(1 as Timeline, position, segmentBytes).slice(8);
  const question = `SELECT pg_is_in_recovery() OR pg_current_wal_lsn() <= '${formatLsn(position)}'
    OR EXISTS (SELECT FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{8}${segment}$') AS possible`;
  return flag(only(await session.run(question, askLimitMs, signal)), 'possible');
}
