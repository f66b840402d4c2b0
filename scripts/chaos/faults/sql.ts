/** What clients do to a server that is well: too many sessions, transactions that do not end, commits that are cancelled. */
import { setTimeout as sleep } from 'node:timers/promises';
import { runBaton } from '../../rig/run-baton.ts';
import type { Session } from '../../rig/writable-session.ts';
import { always, type Expectation, type Fault, type Stage } from '../fault.ts';
import { leaderChanges, leaderStays } from './outcomes.ts';
import { freezeHost } from './strikes.ts';
import { startLogicalReader } from '../logical-reader.ts';
import { makeGuest, openSession, openSessionsUntilRefused } from '../sql.ts';

const staysAsItIs: Expectation = {
  ...leaderStays,
  outage: always({ msMax: 1_000 }),
  redundantMsMax: 10_000,
  never: ['fence-deadline', 'fenced-by-guardian', 'fence-hung', 'hand-over-dead-postgres', 'take-over', 'promote'],
};

/** Nothing that clients leave open holds it up. In mode `strict` writes wait until the old leader follows. */
const switchesOver: Expectation = {
  ...leaderChanges,
  outage: { strict: { msMax: 5_000 }, or: { msMax: 1_500 } },
  redundantMsMax: 15_000,
  rules: always(['switchover-hand-over', 'promote']),
  never: ['fence-deadline', 'fenced-by-guardian', 'fence-hung', 'switchover-roll-back', 'take-over'],
};

/** Until the healing. */
async function openHeld(stage: Stage, user?: string): Promise<Session> {
  const session = await openSession(stage, stage.leader, user);
  stage.undo(session.drop);
  return session;
}

const switchOver = ({ cluster, leader }: Stage) =>
  runBaton(cluster.rig, leader, ['switchover', '--yes', '--timeout', '20s', '--reason', 'planned, amid open work']);

const connections: Fault = {
  name: 'sql-connections',
  family: 'sql',
  says: 'Clients take every connection of the primary that is not reserved',
  lastsMs: [5_000, 8_000],
  async inject(stage) {
    const guest = await makeGuest(stage);
    await openSessionsUntilRefused(stage, guest);
  },
  expects: staysAsItIs,
};

const allConnections: Fault = {
  name: 'sql-connections-reserved',
  family: 'sql',
  says: 'Superusers take every connection of the primary, the reserved ones too',
  lastsMs: [5_000, 8_000],
  async inject(stage) {
    await openSessionsUntilRefused(stage);
  },
  expects: staysAsItIs,
};

const longTransaction: Fault = {
  name: 'sql-long-transaction',
  family: 'sql',
  says: 'A switchover while a transaction runs that has written, and a query that takes a minute',
  lastsMs: [0, 0],
  async inject(stage) {
    const session = await openHeld(stage);
    await session.client.query('CREATE TABLE IF NOT EXISTS chaos_long (id int)');
    await session.client.query('BEGIN');
    await session.client.query('INSERT INTO chaos_long SELECT generate_series(1, 10000)');
    session.client.query('SELECT pg_sleep(60)').catch(() => undefined); // Ends with the server, as it should.
    await switchOver(stage);
  },
  expects: switchesOver,
};

const idleTransactions: Fault = {
  name: 'sql-idle-in-transaction',
  family: 'sql',
  says: 'A switchover while sessions are idle in transactions that have written, also to temporary tables',
  lastsMs: [0, 0],
  async inject(stage) {
    for (let count = 0; count < 5; count++) {
      const session = await openHeld(stage);
      await session.client.query('CREATE TABLE IF NOT EXISTS chaos_idle (id int)');
      await session.client.query('CREATE TEMP TABLE mine (id int)');
      await session.client.query('BEGIN; INSERT INTO mine VALUES (1); INSERT INTO chaos_idle VALUES (1)');
    }
    await switchOver(stage);
  },
  expects: switchesOver,
};

async function commitPrepared(stage: Stage): Promise<void> {
  const session = await openSession(stage, stage.standby);
  try {
    await session.client.query(`COMMIT PREPARED 'chaos'`);
    const { rows } = await session.client.query('SELECT id FROM chaos_prepared');
    if (rows.length !== 1) throw new Error(`the prepared transaction left ${rows.length} rows instead of 1`);
  } finally {
    session.drop();
  }
}

const prepared: Fault = {
  name: 'sql-prepared-transaction',
  family: 'sql',
  says: 'A switchover while a transaction is prepared; it is committed afterwards, on the new primary',
  lastsMs: [500, 1_000],
  async inject(stage) {
    stage.undo(() => commitPrepared(stage));
    const session = await openHeld(stage);
    await session.client.query('CREATE TABLE IF NOT EXISTS chaos_prepared (id int)');
    await session.client.query('TRUNCATE chaos_prepared');
    await session.client.query(`BEGIN; INSERT INTO chaos_prepared VALUES (1); PREPARE TRANSACTION 'chaos'`);
    await switchOver(stage);
  },
  expects: switchesOver,
};

const logicalReader: Fault = {
  name: 'sql-logical-reader',
  family: 'sql',
  says: 'A switchover while a client of logical replication has stopped reading',
  lastsMs: [0, 0],
  async inject(stage) {
    const reader = await startLogicalReader(stage);
    stage.undo(reader.kill);
    await reader.stall();
    await switchOver(stage);
  },
  expects: switchesOver,
};

const cancelledCommits: Fault = {
  name: 'sql-cancelled-commits',
  family: 'sql',
  says: 'The standby is frozen, and every commit that waits for it is cancelled again and again',
  modes: ['available', 'strict'],
  lastsMs: [5_000, 8_000],
  async inject(stage) {
    await freezeHost(stage, stage.standby);
    const session = await openHeld(stage);
    const untilMono = performance.now() + 4_000;
    while (performance.now() < untilMono) {
      await session.client.query(
        `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE '%chaos_%'`,
      );
      await sleep(50);
    }
  },
  expects: {
    ...staysAsItIs,
    outage: { strict: { msMaxAfterHealing: 10_000 }, or: { msMax: 3_500 } },
    redundantMsMax: 20_000,
  },
};

export const statements: readonly Fault[] = [
  connections,
  allConnections,
  longTransaction,
  idleTransactions,
  prepared,
  logicalReader,
  cancelledCommits,
];
