/** Reads what a workload left behind, on the leader and on the standbys. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientEndpoint } from '../../rig/rig.ts';
import type { FinalState } from './history.ts';
import { identifyServer } from './identify-server.ts';
import { idsOf } from './tables.ts';
import { type Answer, openWireSession, type WireSession } from './wire-session.ts';

const connectLimitMs = 1_000;
const retryMs = 50;

/**
 * The leader is who takes writes, on the highest timeline if there is more than one. A standby that has not replayed
 * within the limit what the leader holds is left out. Throws when nobody leads.
 */
export async function readEverywhere(
  targets: readonly ClientEndpoint[],
  run: number,
  limitMs: number,
): Promise<{ readonly final: FinalState; readonly replicas: readonly FinalState[] }> {
  const deadline = performance.now() + limitMs;
  await using leader = await untilNotNull(deadline, () => findLeader(targets));
  if (leader === null)
    throw new Error(`nobody of ${targets.map(({ name }) => name).join(' ')} led within ${limitMs} ms`);
  const final = await readFinalState(leader, run, deadline);
  const [written] = await ask(leader.session, 'SELECT pg_current_wal_flush_lsn()');
  const replicas: FinalState[] = [];
  for (const target of targets.filter((each) => each !== leader.target)) {
    await using standby = await untilNotNull(deadline, () => openReplayed(target, written?.[0] ?? ''));
    if (standby !== null) replicas.push(await readFinalState(standby, run, deadline));
  }
  return { final, replicas };
}

interface Reached extends AsyncDisposable {
  readonly target: ClientEndpoint;
  readonly session: WireSession;
  readonly timeline: number;
}

async function findLeader(targets: readonly ClientEndpoint[]): Promise<Reached | null> {
  let leader: Reached | null = null;
  for (const target of targets) {
    const session = await openWireSession(target, connectLimitMs);
    if (session === null) continue;
    const server = await bounded(session, identifyServer(session, target.name));
    if (server !== null && server.timeline > (leader?.timeline ?? 0)) {
      leader?.session.drop();
      leader = reached(target, session, server.timeline);
    } else session.drop();
  }
  return leader;
}

async function openReplayed(target: ClientEndpoint, lsn: string): Promise<Reached | null> {
  const session = await openWireSession(target, connectLimitMs);
  if (session === null) return null;
  const question = `SELECT pg_last_wal_replay_lsn() >= '${lsn}' WHERE pg_is_in_recovery()`;
  const answer = await bounded(session, session.query(question));
  if (answer?.rows[0]?.[0] === 't') return reached(target, session, 0);
  session.drop();
  return null;
}

const reached = (target: ClientEndpoint, session: WireSession, timeline: number): Reached => ({
  ...{ target, session, timeline },
  [Symbol.asyncDispose]: async () => session.drop(),
});

/** Null when the session ends, or after a second. */
async function bounded<T>(session: WireSession, asked: Promise<T>): Promise<T | null> {
  const late = setTimeout(() => session.drop(), connectLimitMs);
  return asked.catch(() => null).finally(() => clearTimeout(late));
}

async function readFinalState({ target, session }: Reached, run: number, deadline: number): Promise<FinalState> {
  const late = setTimeout(() => session.drop(), Math.max(deadline - performance.now(), connectLimitMs));
  try {
    const counts = async (table: string) =>
      pairsOf(await ask(session, `SELECT id, count(*) FROM ${table} WHERE run = ${run} GROUP BY id`));
    const lists = await ask(
      session,
      `SELECT list, array_to_string(items, ',') FROM chaos_lists WHERE run = ${run} ORDER BY list`,
    );
    return {
      target: target.name,
      inserts: await counts('chaos_inserts'),
      transfers: await counts('chaos_transfers'),
      lists: new Map(lists.map(([list, items]) => [Number(list), idsOf(items)])),
      balances: pairsOf(await ask(session, `SELECT account, balance FROM chaos_accounts WHERE run = ${run}`)),
    };
  } finally {
    clearTimeout(late);
  }
}

async function ask(session: WireSession, sql: string): Promise<Answer['rows']> {
  const { rows, refused } = await session.query(sql);
  if (refused !== null) throw new Error(`${refused}: ${sql}`);
  return rows;
}

const pairsOf = (rows: Answer['rows']): ReadonlyMap<number, number> =>
  new Map(rows.map(([key, value]) => [Number(key), Number(value)]));

async function untilNotNull<T>(deadline: number, fact: () => Promise<T | null>): Promise<T | null> {
  for (;;) {
    const found = await fact();
    if (found !== null || performance.now() > deadline) return found;
    await sleep(retryMs);
  }
}
