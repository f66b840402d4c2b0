/** One host as batond finds it, beside any cluster: secrets, a configuration, and what a run of batond left there. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { freeMemberPorts } from '../../scripts/rig/addresses.ts';
import { asOwner, daemonOwner, type Owner } from '../../scripts/rig/owner.ts';
import { type Belonging, findProcesses, killAll, tagOf } from '../../scripts/rig/processes.ts';
import { RigMember } from '../../scripts/rig/rig-member.ts';

/** A configuration as it is written; tests change it before it is read. */
// biome-ignore lint/suspicious/noExplicitAny: a test may put anything anywhere.
export type Written = any;

export interface Ended {
  /** Null when it did not end by itself within the limit and was killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LoneHost extends AsyncDisposable {
  readonly directory: string;
  readonly configFile: string;
  readonly owner: Owner;
  /** For a batond that is to go on running. */
  readonly member: RigMember;
  /** Writes the configuration after `change`. */
  configure(change?: (config: Written) => void): void;
  /** A file of the host's user in its directory. */
  place(name: string, content: string, mode?: number): string;
  /** Paths that the test itself made there. */
  expect(...names: readonly string[]): void;
  /** Runs batond to its end. `asRoot` only where the test is root. */
  run(
    args?: readonly string[],
    options?: { readonly asRoot?: boolean; readonly env?: Readonly<Record<string, string>> },
  ): Promise<Ended>;
  /** Command lines of everything that still runs, and paths that were not there when it was made ready. */
  /** Everything that the running batond has logged. */
  log(): string;
  /** Asks until the fact is there; past the limit throws with the end of the log. */
  waitFor<T>(what: string, limitMs: number, fact: () => T | null | false | Promise<T | null | false>): Promise<T>;
  left(): { readonly processes: readonly string[]; readonly paths: readonly string[] };
}

export const binDir = '/usr/lib/postgresql/15/bin';
const batond = join(import.meta.dirname, '../../src/main/batond.ts');
const reaperProgram = join(import.meta.dirname, '../../scripts/rig/reaper.ts');
const runLimitMs = 30_000;
const killLimitMs = 5_000;

const pollMs = 20;

export interface LoneHostOptions {
  /** Nobody listens there by default. */
  readonly etcd?: readonly string[];
  readonly name?: string;
  /** Its batond is started by root. */
  readonly asRoot?: boolean;
}

export async function aLoneHost(options: LoneHostOptions = {}): Promise<LoneHost> {
  const { etcd = ['http://127.0.0.1:9'], name = 'a', asRoot: startedByRoot = false } = options;
  const owner = daemonOwner();
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'baton-lone-'));
  chownSync(directory, owner.uid, owner.gid);
  const whole: Belonging = { rigId: randomBytes(8).toString('hex'), directory, member: null, uid: owner.uid };
  // However the tester ends: its processes are killed, its directory is removed.
  const reaper = spawn(process.execPath, [reaperProgram, JSON.stringify({ ...whole, keepDirectory: false })], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  });
  const ports = await freeMemberPorts();
  const { host, postgresPort, apiPort } = ports;
  const configFile = join(directory, 'batond.yaml');
  const expected = new Set(['batond.yaml']);
  const place = (name: string, content: string, mode = 0o600): string => {
    const path = join(directory, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content, { mode });
    chownSync(path, owner.uid, owner.gid);
    for (let at = name; at !== '.'; at = join(at, '..')) expected.add(at);
    return path;
  };
  const superuser = place('superuser.password', 'Sup3r-planted\n');
  const replication = place('replication.password', 'R3pl-planted\n');
  const configure = (change: (config: Written) => void = () => undefined): void => {
    const config: Written = {
      cluster: 'domain-1',
      member: { name, location: 'slough' },
      etcd: { endpoints: etcd },
      postgres: {
        binDir,
        dataDir: join(directory, 'data'),
        listen: `${host}:${postgresPort}`,
        superuser: { username: 'postgres', passwordFile: superuser },
        replication: { username: 'replicator', passwordFile: replication },
      },
      api: { listen: `${host}:${apiPort}` },
      state: join(directory, 'state'),
    };
    change(config);
    place('batond.yaml', typeof config.raw === 'string' ? config.raw : stringify(config), 0o644);
  };
  configure();
  const files = {
    ...{ ...ports, name, directory, configFile, dataDir: join(directory, 'data') },
    ...{ stateDir: join(directory, 'state'), logFile: join(directory, 'batond.log') },
  };
  const member = new RigMember(whole.rigId, files, startedByRoot ? { uid: 0, gid: 0 } : owner);
  const log = (): string => {
    try {
      return readFileSync(files.logFile, 'utf8');
    } catch {
      return '';
    }
  };

  return {
    directory,
    configFile,
    owner,
    configure,
    place,
    member,
    log,
    expect: (...names) => {
      for (const each of names) expected.add(each);
    },
    async waitFor(what, limitMs, fact) {
      const deadline = performance.now() + limitMs;
      for (;;) {
        const found = await fact();
        if (found !== null && found !== false) return found;
        if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}\n${member.logTail()}`);
        await sleep(pollMs);
      }
    },
    run: (args = [], { asRoot = false, env = {} } = {}) => {
      const plain: [string, ...string[]] = [process.execPath, batond, '--config', configFile, ...args];
      const [command, ...rest] = asRoot ? plain : asOwner(owner, ...plain);
      return toItsEnd(command, rest, directory, { BATON_RIG: tagOf(whole.rigId, null), ...env });
    },
    left: () => ({
      processes: findProcesses(whole).map(({ pid, argv }) => `${pid} ${argv.join(' ')}`),
      paths: readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => !expected.has(path)),
    }),
    async [Symbol.asyncDispose]() {
      await killAll(whole, killLimitMs);
      reaper.stdin.end(); // It removes the directory.
      await once(reaper, 'exit');
    },
  };
}

async function toItsEnd(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: cwd, LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: runLimitMs,
    killSignal: 'SIGKILL',
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout = (stdout + text).slice(0, 64 * 1024);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(0, 64 * 1024);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    // `close`, not `exit`: what was written last may still be in the pipe when the process has ended.
    child.once('close', (status) => resolve(status));
  });
  child.stdout.destroy();
  child.stderr.destroy();
  return { code, stdout, stderr };
}
