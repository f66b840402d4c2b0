/** What faults do through SQL: sessions of their own, beside those of the workload. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Session } from '../rig/writable-session.ts';
import type { Stage } from './fault.ts';

const connectLimitMs = 5_000;
const lockLimitMs = 5_000;
const fillLimitMs = 20_000;
const pauseMs = 10;

/** Throws when the member does not answer within five seconds. The caller drops it. */
export async function openSession(
  { cluster }: Pick<Stage, 'cluster'>,
  member: string,
  user?: string,
): Promise<Session> {
  const endpoint = cluster.rig.clientEndpoints().find(({ name }) => name === member);
  const session =
    endpoint && (await connect(user === undefined ? endpoint : { ...endpoint, user }, connectLimitMs, false));
  if (session == null) throw new Error(`${member} does not answer`);
  await session.client.query(`SET lock_timeout = ${lockLimitMs}`);
  return session;
}

/** Writes WAL on the leader, segment after segment, until `enough`. Throws when it takes longer than 20 s. */
export async function fillWal(stage: Stage, enough: () => boolean): Promise<void> {
  const deadline = performance.now() + fillLimitMs;
  while (!enough()) {
    if (performance.now() > deadline)
      throw new Error(`pg_wal of ${stage.leader} did not fill within ${fillLimitMs} ms`);
    const session = await openSession(stage, stage.leader).catch(() => null);
    if (session === null) {
      await sleep(pauseMs);
      continue;
    }
    const late = setTimeout(() => session.drop(), fillLimitMs);
    try {
      while (!enough())
        await session.client.query(
          `SELECT pg_logical_emit_message(false, 'chaos', repeat('x', 1048576)), pg_switch_wal()`,
        );
    } catch {
      // The server ended, which is what is waited for, or said that it has no room.
      await sleep(pauseMs);
    } finally {
      clearTimeout(late);
      session.drop();
    }
  }
}

const guest = 'chaos_guest';
const sessionsMax = 500;

/** An ordinary user, with the password of the others. */
export async function makeGuest(stage: Stage): Promise<string> {
  const session = await openSession(stage, stage.leader);
  try {
    const { rowCount } = await session.client.query('SELECT FROM pg_roles WHERE rolname = $1', [guest]);
    const { password } = session.endpoint;
    if (rowCount === 0) await session.client.query(`CREATE ROLE ${guest} LOGIN PASSWORD '${password}'`);
    return guest;
  } finally {
    session.drop();
  }
}

/** On the leader, one after the other, kept until the healing. */
export async function openSessionsUntilRefused(stage: Stage, user?: string): Promise<void> {
  for (let count = 0; count < sessionsMax; count++) {
    const session = await openSession(stage, stage.leader, user).catch(() => null);
    if (session === null) return;
    stage.undo(session.drop);
  }
  throw new Error(`${stage.leader} gave ${sessionsMax} sessions and would give more`);
}
