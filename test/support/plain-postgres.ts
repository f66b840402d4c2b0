/** One PostgreSQL without Baton, on an own loopback address, as user postgres when this runs as root. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freeMemberPorts } from '../../scripts/rig/addresses.ts';
import { asOwner, daemonOwner } from '../../scripts/rig/owner.ts';
import type { ClientEndpoint } from '../../scripts/rig/rig.ts';
import { killAll } from '../../scripts/rig/processes.ts';
import { connect } from '../../scripts/rig/writable-session.ts';

const realBinDir = '/usr/lib/postgresql/15/bin';
const readyLimitMs = 20_000;

export interface PlainPostgres extends AsyncDisposable {
  readonly endpoint: ClientEndpoint;
  readonly dataDir: string;
  pid(): number;
  start(): Promise<void>;
  /** SIGKILL of the postmaster and of every backend, which would live on; ends when they are gone. */
  kill(): Promise<void>;
}

export async function startPlainPostgres(
  name: string,
  settings: readonly string[] = [],
  binDir = realBinDir,
): Promise<PlainPostgres> {
  const owner = daemonOwner();
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'baton-plain-'));
  chownSync(directory, owner.uid, owner.gid);
  const dataDir = join(directory, 'data');
  const { host, postgresPort: port } = await freeMemberPorts();
  const endpoint: ClientEndpoint = { name, host, port, user: 'postgres', password: 'unused', database: 'postgres' };
  const [initdb, ...initdbArgs] = asOwner(
    owner,
    join(binDir, 'initdb'),
    '-D',
    dataDir,
    '-U',
    'postgres',
    '--no-sync',
    '-A',
    'trust',
  );
  let postmaster: ChildProcess | null = null;

  const running = () => postmaster !== null && postmaster.exitCode === null && postmaster.signalCode === null;
  const kill = async () => {
    if (postmaster === null || !running()) return;
    const gone = once(postmaster, 'exit');
    postmaster.kill('SIGKILL');
    await gone;
    await killAll({ rigId: 'plain', member: null, directory: dataDir, uid: owner.uid }, readyLimitMs);
  };
  const start = async () => {
    const options = [
      `listen_addresses=${host}`,
      `port=${port}`,
      `unix_socket_directories=${directory}`,
      'fsync=off',
      ...settings,
    ];
    const [command, ...args] = asOwner(
      owner,
      'setpriv',
      '--pdeathsig',
      'KILL',
      join(binDir, 'postgres'),
      '-D',
      dataDir,
    );
    postmaster = spawn(command, [...args, ...options.flatMap((option) => ['-c', option])], {
      cwd: dataDir,
      stdio: 'ignore',
    });
    await until(`PostgreSQL answers on ${host}:${port}`, async () => {
      const session = await connect(endpoint, 1_000, false);
      session?.drop();
      return session !== null;
    });
  };
  const dispose = async () => {
    await kill();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    execFileSync(initdb, initdbArgs, { cwd: directory, stdio: 'ignore' });
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }
  return { endpoint, dataDir, pid: () => postmaster?.pid ?? 0, start, kill, [Symbol.asyncDispose]: dispose };
}

async function until(what: string, fact: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + readyLimitMs;
  while (!(await fact())) {
    if (performance.now() > deadline) throw new Error(`not within ${readyLimitMs} ms: ${what}`);
    await sleep(10);
  }
}
