/**
 * PostgreSQL servers under the adapter, without guardian, daemon or etcd: each is started by the command that the adapter
 * gives. Root becomes user postgres for the whole test process, since PostgreSQL refuses root and the adapter expects to
 * run as the owner already.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { createPostgres } from '../../src/adapters/postgres/create-postgres.ts';
import type { PostgresOptions } from '../../src/adapters/postgres/options.ts';
import type { Result } from '../../src/core/result.ts';
import { copyId, type CopyId, MiB, type Ms, memberName } from '../../src/core/units.ts';
import type { Look, OperationError, Postgres, StartCommand, Upstream } from '../../src/ports/postgres.ts';
import { realClock } from './real-clock.ts';

export const binDir = '/usr/lib/postgresql/15/bin';
export const clock = realClock;
const readyLimitMs: Ms = 15_000;
export const never = new AbortController().signal;

/** In memory where there is room: what is tested here does not depend on how long a shared disk takes to sync. */
const temporary = roomy('/dev/shm') ? '/dev/shm' : realpathSync(tmpdir());

/** One server's directories and adapter. Disposed of, nothing of it is left. */
export interface RealPostgres extends AsyncDisposable {
  readonly name: string;
  readonly postgres: Postgres;
  readonly options: PostgresOptions;
  readonly upstream: Upstream;
  readonly dataDir: string;
  readonly logged: string[];
  pid(): number;
  /** Starts it and ends when it answers a look. */
  start(command: StartCommand): Promise<Exclude<Look, { kind: 'silent' }>>;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** SIGKILL of the postmaster and of everything in the data directory. */
  kill(): Promise<void>;
  /** Over TCP, through psql. Throws what psql says. */
  sql(text: string, user?: string, password?: string): string;
}

const small = { shared_buffers: '16MB', fsync: 'off', max_connections: 30, log_min_messages: 'warning' } as const;

export async function aPostgres(name: string, more: Partial<PostgresOptions> = {}): Promise<RealPostgres> {
  becomePostgres();
  const directory = mkdtempSync(join(temporary, `baton-pg-${name}-`));
  const stateDir = join(directory, 'state');
  const dataDir = join(directory, 'data');
  mkdirSync(stateDir, { mode: 0o700 });
  const endpoint = { host: '127.0.0.1', port: await freePort() };
  const logged: string[] = [];
  const options: PostgresOptions = {
    clock,
    cluster: 'test',
    member: memberName(name),
    binDir,
    dataDir,
    stateDir,
    listen: endpoint,
    connect: endpoint,
    superuser: { username: 'postgres', password: 'super secret' },
    replication: { username: 'replicator', password: "it's: a \\secret" },
    hba: ['host all all 127.0.0.0/8 scram-sha-256'],
    log: { info: (message) => logged.push(message), warn: (message) => logged.push(message) },
    ...more,
    // What a killed server leaves of its shared memory lies in its data directory, and goes with it.
    parameters: { ...small, ...more.parameters, dynamic_shared_memory_type: 'mmap' },
  };
  const postgres = createPostgres(options);
  let child: ChildProcess | null = null;

  const end = async (signal: NodeJS.Signals) => {
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    }
    await killTheRest(dataDir);
  };
  const started: RealPostgres = {
    name,
    postgres,
    options,
    upstream: { member: options.member, ...endpoint },
    dataDir,
    logged,
    pid: () => child?.pid ?? 0,
    async start(command) {
      const args = ['--pdeathsig', 'KILL', '--', command.binary, ...command.args];
      const stdio = process.env['PG_LOG'] === undefined ? 'ignore' : 'inherit';
      child = spawn('setpriv', args, { cwd: dataDir, stdio, env: { ...process.env, ...command.env } });
      return eventually(async () => {
        const look = await postgres.look(1_000);
        return look.kind === 'silent' ? null : look;
      }, `${name} answers`);
    },
    async stop(signal = 'SIGINT') {
      await postgres.letGo();
      await end(signal);
    },
    kill: () => end('SIGKILL'),
    sql: (text, user = 'postgres', password = 'super secret') =>
      execFileSync(
        join(binDir, 'psql'),
        ['-XAtq', '-h', endpoint.host, '-p', String(endpoint.port), '-U', user, '-c', text, 'postgres'],
        {
          env: { PGPASSWORD: password, PGCONNECT_TIMEOUT: '3' },
          encoding: 'utf8',
          timeout: 10_000,
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      ).trim(),
    async [Symbol.asyncDispose]() {
      await postgres.letGo();
      await end('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return started;
}

/** initdb and start; furnished for the named members. */
export async function aPrimary(
  name: string,
  slotsFor: readonly string[] = [],
  more: Partial<PostgresOptions> = {},
): Promise<RealPostgres> {
  const server = await aPostgres(name, more);
  return orDisposed(server, async () => {
    await initialized(server);
    await server.start(must(await server.postgres.preparePrimary({ names: [], nobody: false }, 'everybody')));
    must(await server.postgres.furnish(slotsFor.map(memberName), never));
  });
}

/** What initdb makes is made once per test file and member, and copied: it takes seconds. */
const templates = new Map<string, string>();
afterAll(() => {
  for (const template of templates.values()) rmSync(dirname(template), { recursive: true, force: true });
});

async function initialized(server: RealPostgres): Promise<void> {
  const template = templates.get(server.name);
  if (template !== undefined) {
    execFileSync('cp', ['-a', template, server.dataDir]);
    return;
  }
  must(await server.postgres.initialize(newCopy(), never));
  const kept = mkdtempSync(join(temporary, 'baton-pg-template-'));
  execFileSync('cp', ['-a', server.dataDir, join(kept, 'data')]);
  templates.set(server.name, join(kept, 'data'));
}

/** A standby of `leader`, streaming. */
export async function aStandby(
  name: string,
  leader: RealPostgres,
  more: Partial<PostgresOptions> = {},
): Promise<RealPostgres> {
  const server = await aPostgres(name, more);
  return orDisposed(server, async () => {
    must(await server.postgres.clone(leader.upstream, newCopy(), never, () => undefined));
    await server.start(must(await server.postgres.prepareStandby(leader.upstream)));
    await streams(server, leader);
  });
}

/** The server, set up; when that fails, nothing of it is left. */
async function orDisposed(server: RealPostgres, setUp: () => Promise<void>): Promise<RealPostgres> {
  try {
    await setUp();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

export async function streams(standby: RealPostgres, leader: RealPostgres): Promise<void> {
  const from = `${leader.upstream.host}:${leader.upstream.port}`;
  await eventually(async () => {
    const look = await standby.postgres.look(1_000);
    return look.kind === 'standby' && look.streamingFrom === from ? true : null;
  }, `${standby.name} streams from ${leader.name}`);
}

export const newCopy = (): CopyId => copyId(randomBytes(4).toString('hex'));

export function must<T>(result: Result<T, OperationError>): T {
  if (!result.ok) throw new Error(result.error.problem);
  return result.value;
}

export async function eventually<T>(
  ask: () => Promise<T | null>,
  what: string,
  limitMs: Ms = readyLimitMs,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await clock.sleep(10);
  }
}

/** The copy name under which a standby streams. */
export async function copyNameOf(server: RealPostgres): Promise<string> {
  const look = await server.postgres.look(1_000);
  if (look.kind === 'silent' || look.copyId === null) throw new Error(`${server.name} has no copy`);
  return `baton_${server.name}_${look.copyId}`;
}

function becomePostgres(): void {
  if (process.getuid?.() !== 0) return;
  process.setgroups?.(['postgres']);
  process.setgid?.('postgres');
  process.setuid?.('postgres');
}

function roomy(directory: string): boolean {
  if (process.env['TMPDIR'] !== undefined) return false;
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize > 2 * 1024 * MiB;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Backends outlive a killed postmaster: what still has the data directory as its working directory is killed. */
async function killTheRest(dataDir: string): Promise<void> {
  await eventually(async () => {
    const left = processesIn(dataDir);
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has just ended.
      }
    }
    return left.length === 0 ? true : null;
  }, `nothing runs in ${dataDir}`);
}

export function processesIn(dataDir: string): readonly number[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      return readlinkSync(`/proc/${entry}/cwd`).replace(/ \(deleted\)$/, '') === dataDir ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
}
