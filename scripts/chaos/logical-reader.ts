/** A client of logical replication that can stop reading, as one does whose own disk is full. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tagOf } from '../rig/processes.ts';
import type { Stage } from './fault.ts';
import { openSession } from './sql.ts';
import { waitForFact } from '../rig/wait-for-fact.ts';

export interface LogicalReader {
  /** Stops reading, and ends when the server has more to say than fits on the way. */
  stall(): Promise<void>;
  kill(): void;
}

const program = '/usr/lib/postgresql/15/bin/pg_recvlogical';
const slot = 'chaos_reader';
const limitMs = 20_000;
/** What is on the way is in the buffers of two sockets. */
const bytesOnTheWay = 32 * 1024 * 1024;

/** Ends when the server streams to it. */
export async function startLogicalReader(stage: Stage): Promise<LogicalReader> {
  const { rig } = stage.cluster;
  const endpoint = rig.clientEndpoints().find(({ name }) => name === stage.leader);
  if (endpoint === undefined) throw new Error(`${stage.leader} is no member`);
  const { host, port, user, password, database } = endpoint;
  const session = await openSession(stage, stage.leader);
  try {
    await session.client.query(`SELECT pg_create_logical_replication_slot('${slot}', 'test_decoding')`);
    const reader = spawn(
      'setpriv',
      [
        ...['--pdeathsig', 'KILL', program, '--start', '--slot', slot, '--no-loop', '--file', '/dev/null'],
        ...['-h', host, '-p', String(port), '-U', user, '-d', database],
      ],
      { stdio: 'ignore', env: { PATH: process.env['PATH'], PGPASSWORD: password, BATON_RIG: tagOf(rig.id, null) } },
    );
    await once(reader, 'spawn');
    const asked = `SELECT 1 FROM pg_replication_slots WHERE slot_name = '${slot}' AND active`;
    await waitForFact(`${slot} is read`, limitMs, async () => (await session.client.query(asked)).rowCount === 1);
    return {
      kill: () => void reader.kill('SIGKILL'),
      async stall() {
        reader.kill('SIGSTOP');
        await stalled(stage);
      },
    };
  } finally {
    session.drop();
  }
}

async function stalled(stage: Stage): Promise<void> {
  const session = await openSession(stage, stage.leader);
  try {
    await session.client.query('CREATE TABLE IF NOT EXISTS chaos_bulk (filler text)');
    await session.client.query(
      `INSERT INTO chaos_bulk SELECT repeat('x', 1024) FROM generate_series(1, ${bytesOnTheWay / 1024})`,
    );
    const blocked = `SELECT 1 FROM pg_stat_activity a JOIN pg_replication_slots s ON s.active_pid = a.pid
      WHERE s.slot_name = '${slot}' AND a.wait_event = 'WalSenderWriteData'`;
    await waitForFact(
      `the server waits for ${slot}`,
      limitMs,
      async () => (await session.client.query(blocked)).rowCount === 1,
    );
  } finally {
    session.drop();
  }
}
