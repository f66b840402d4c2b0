/**
 * One connection to a PostgreSQL. A limit closes the socket and never sends a cancel request: a cancelled wait for
 * synchronous replication would be reported as a commit.
 */
import { Socket } from 'node:net';
import { Client, type QueryArrayResult, type QueryResult } from 'pg';
import type { Ms } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Endpoint } from '../../ports/postgres.ts';
import { bounded } from './bounded.ts';
import { type Credentials, passwordOf } from './options.ts';
import { sessionFailure } from './session-failure.ts';
import type { Row } from './row.ts';

export interface SessionTarget {
  /** A host, or the directory of a unix socket. */
  readonly endpoint: Endpoint;
  readonly credentials: Credentials;
  /** `postgres` when it is left out. */
  readonly database?: string;
  /** Begins with `baton-`: what Baton's own sessions are told by. */
  readonly applicationName: string;
  /** Server settings of this session, beyond the ones that protect every session of ours. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** One statement; `name` is unique among those of its session. */
export interface Prepared {
  readonly name: string;
  readonly text: string;
}

export interface Session {
  /** Process id of its backend. */
  readonly pid: number;
  readonly broken: boolean;
  /**
   * Rows of the last statement. Text goes by the simple protocol: several statements travel together. A statement that is
   * asked again and again is prepared once in each session. Throws SessionFailure.
   */
  run(sql: string | Prepared, limitMs: Ms, signal?: AbortSignal): Promise<readonly Row[]>;
  /** SQLSTATEs of the warnings that arrived since the last call. */
  takeWarnings(): readonly string[];
  /** Called once when the session ends; `byUs` when this side closed it. */
  onEnd(listener: (byUs: boolean) => void): void;
  /** Says goodbye; the socket is closed at the latest after `limitMs`. */
  end(limitMs: Ms): Promise<void>;
  /** Closes the socket now. */
  destroy(): void;
}

/** The user's parameters and roles must not end or bend a session of ours. */
const protection: Readonly<Record<string, string>> = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  client_min_messages: 'warning',
  search_path: 'pg_catalog',
  TimeZone: 'UTC',
};
const warningsMax = 20;

/** Throws SessionFailure. The limit covers connecting and authentication. */
export async function openSession(
  clock: Clock,
  target: SessionTarget,
  limitMs: Ms,
  signal?: AbortSignal,
): Promise<Session> {
  const socket = new Socket();
  socket.setKeepAlive(true, 1_000);
  const client = new Client({
    host: target.endpoint.host,
    port: target.endpoint.port,
    user: target.credentials.username,
    password: passwordOf(target.credentials),
    database: target.database ?? 'postgres',
    ssl: false,
    application_name: target.applicationName,
    options: settingsAsOptions({ ...protection, ...target.settings }),
    stream: () => socket,
  });
  client.on('error', () => undefined); // also seen by the query under way and by onEnd
  const connecting = client.connect().then(
    () => undefined,
    (error: unknown) => {
      socket.destroy();
      throw sessionFailure(target, error);
    },
  );
  await bounded(clock, limitMs, signal, connecting, () => socket.destroy());
  return talkOver(clock, target, client, socket);
}

function talkOver(clock: Clock, target: SessionTarget, client: Client, socket: Socket): Session {
  let ended = false;
  let byUs = false;
  let warnings: string[] = [];
  const listeners: ((byUs: boolean) => void)[] = [];
  socket.once('close', () => {
    ended = true;
    for (const listener of listeners) listener(byUs);
  });
  client.on('notice', (notice) => {
    if (warnings.length < warningsMax) warnings.push(notice.code ?? '');
  });
  const destroy = () => {
    ended = true;
    byUs = true;
    socket.destroy();
  };
  return {
    pid: (client as Client & { readonly processID: number }).processID,
    get broken() {
      return ended || socket.destroyed;
    },
    async run(sql, limitMs, signal) {
      const asking = client.query(sql).then(
        (result: Answers) => lastRows(result),
        (error: unknown) => {
          throw sessionFailure(target, error);
        },
      );
      return bounded(clock, limitMs, signal, asking, destroy);
    },
    takeWarnings() {
      const taken = warnings;
      warnings = [];
      return taken;
    },
    onEnd(listener) {
      if (ended) listener(byUs);
      else listeners.push(listener);
    },
    async end(limitMs) {
      if (ended) return;
      byUs = true;
      await bounded(clock, limitMs, undefined, client.end(), destroy).catch(destroy);
      ended = true;
    },
    destroy,
  };
}

/** Several statements in one string give an array of results. */
type Answers = QueryResult | QueryArrayResult | readonly QueryResult[];

function lastRows(answers: Answers): readonly Row[] {
  const last = Array.isArray(answers) ? answers.at(-1) : answers;
  return (last as QueryResult | undefined)?.rows ?? [];
}

const settingsAsOptions = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replace(/[\\ ]/g, '\\$&')}`)
    .join(' ');
