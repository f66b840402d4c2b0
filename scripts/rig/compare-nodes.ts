/** Whether all nodes hold the same rows of the clients, once the standbys have replayed what the primary has written. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientEndpoint } from './rig.ts';
import { connect, type Session } from './writable-session.ts';

export interface NodeRows {
  readonly name: string;
  readonly rows: number;
  /** Of all rows together, in any order. */
  readonly checksum: string;
}

const connectLimitMs = 5_000;
const retryMs = 20;

export const areEqual = (nodes: readonly NodeRows[]): boolean =>
  nodes.every(({ rows, checksum }) => rows === nodes[0]?.rows && checksum === nodes[0].checksum);

/** Only while nobody writes. Throws when a standby has not caught up within `limitMs`. */
export async function compareNodes(
  endpoints: readonly ClientEndpoint[],
  leader: string,
  limitMs: number,
): Promise<readonly NodeRows[]> {
  const sessions: Session[] = [];
  const late = setTimeout(() => sessions.forEach(({ drop }) => void drop()), limitMs);
  try {
    for (const endpoint of endpoints) sessions.push(await open(endpoint));
    const primary = sessions.find(({ endpoint }) => endpoint.name === leader);
    if (primary === undefined) throw new Error(`no endpoint for the leader ${leader}`);
    const written = await primary.client.query<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn');
    const nodes: NodeRows[] = [];
    for (const session of sessions) {
      if (session !== primary) await untilReplayed(session, written.rows[0]?.lsn ?? '', limitMs);
      nodes.push(await rowsOf(session));
    }
    return nodes;
  } finally {
    clearTimeout(late);
    for (const session of sessions) session.drop();
  }
}

async function open(endpoint: ClientEndpoint): Promise<Session> {
  const session = await connect(endpoint, connectLimitMs, false);
  if (session === null) throw new Error(`cannot connect to ${endpoint.name} at ${endpoint.host}:${endpoint.port}`);
  return session;
}

async function untilReplayed({ client, endpoint }: Session, lsn: string, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const asked = await client.query<{ replayed: boolean | null }>(
      'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS replayed',
      [lsn],
    );
    if (asked.rows[0]?.replayed === true) return;
    if (performance.now() > deadline) throw new Error(`${endpoint.name} has not replayed ${lsn} within ${limitMs} ms`);
    await sleep(retryMs);
  }
}

async function rowsOf({ client, endpoint }: Session): Promise<NodeRows> {
  const read = await client.query<{ rows: number; checksum: string }>(
    `SELECT count(*)::int AS rows,
            coalesce(sum(hashtextextended(format('%s/%s/%s', run, writer, seq), 0)::numeric), 0)::text AS checksum
       FROM baton_writes`,
  );
  const [row] = read.rows;
  if (row === undefined) throw new Error(`${endpoint.name} counted nothing`);
  return { name: endpoint.name, ...row };
}
