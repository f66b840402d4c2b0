/**
 * A session on a server that takes writes, found as libpq does for `host=a,b target_session_attrs=read-write`: in
 * order, each with its own limit for connecting and asking, the next one when it fails or is read-only.
 */
import { Socket } from 'node:net';
import { Client } from 'pg';
import type { ClientEndpoint } from './rig.ts';

export interface Session {
  readonly endpoint: ClientEndpoint;
  readonly client: Client;
  readonly socket: Socket;
  /** Closes the socket at once, without a word to the server: what was under way has an unknown outcome. */
  drop(): void;
}

/** The first endpoint that takes writes, or null when none does. */
export async function connectWritable(endpoints: readonly ClientEndpoint[], limitMs: number): Promise<Session | null> {
  for (const endpoint of endpoints) {
    const session = await connect(endpoint, limitMs, true);
    if (session !== null) return session;
  }
  return null;
}

/** Null when it does not answer in time, refuses us, or is read-only while `writable` was asked for. */
export async function connect(endpoint: ClientEndpoint, limitMs: number, writable: boolean): Promise<Session | null> {
  const socket = new Socket();
  const { host, port, user, password, database } = endpoint;
  const client = new Client({ host, port, user, password, database, stream: () => socket });
  client.on('error', () => undefined); // Also fails the query under way, which is where it is handled.
  const session: Session = { endpoint, client, socket, drop: () => void socket.destroy() };
  const late = setTimeout(() => socket.destroy(), limitMs);
  try {
    await client.connect();
    if (!writable) return session;
    const asked = await client.query<{ read_only: boolean }>(
      `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS read_only`,
    );
    if (asked.rows[0]?.read_only === false) return session;
  } catch {
    // Not this one: whatever the reason, a client goes on to its next host.
  } finally {
    clearTimeout(late);
  }
  session.drop();
  return null;
}
