/**
 * The runner of chaos lives in namespaces of its own: processes, mounts and network. However it ends, the kernel ends
 * every process in them and nothing of them stays, neither a mount nor a network; its files are on a tmpfs inside. Only
 * the control groups that freeze hosts are outside: a reaper that outlives the runner removes them.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';

/** What a runner inside is told by the one outside. */
export interface Enclosure {
  /** Directory of the control groups of its hosts; null where they cannot be made (no root). */
  readonly groups: string | null;
}

/** An empty directory that vanishes with the enclosure. */
export const directoryInside = '/run/chaos';
const variable = 'BATON_CHAOS_ENCLOSURE';
const programs = ['unshare', 'setpriv', 'nsenter', 'ip', 'nft', 'mount'];
const groupRoots = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'];
const filesMax = '6g';
const isRoot = process.getuid?.() === 0;
/** Other users than root often do without the directories in which `ip` and `nft` are. */
const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Run by the first process inside: what is mounted here exists in here only. */
const furnish = [
  `mount -t tmpfs -o size=${filesMax},mode=755 tmpfs /run`,
  'mount -t tmpfs -o mode=1777 tmpfs /dev/shm', // A killed PostgreSQL leaves its shared memory there.
  `mkdir -p /run/netns /run/postgresql ${directoryInside}`,
  'chmod 1777 /run/postgresql',
  'ip link set lo up',
].join(' && ');

/** Null outside. */
export function enclosure(): Enclosure | null {
  const told = process.env[variable];
  return told === undefined ? null : (JSON.parse(told) as Enclosure);
}

/** Why this user on this machine cannot have one, in a sentence; null when it can. */
export function enclosureProblem(): string | null {
  const missing = programs.filter((program) => !isOnPath(program));
  if (missing.length > 0) return `${missing.join(', ')} not found (Debian: util-linux, iproute2, nftables)`;
  const [command, ...args] = enclosed(['sh', '-c', `${furnish} && ip netns add probe && nft list ruleset`]);
  const probe = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000, env: { ...process.env, PATH: path } });
  if (probe.status === 0) return null;
  const reason = probe.stderr.trim() || probe.error?.message || `exit status ${probe.status ?? probe.signal}`;
  return `this ${isRoot ? 'root' : 'user'} may not make network namespaces here: ${reason}`;
}

export interface Enclosed {
  /** The first process inside. */
  readonly process: ChildProcess;
  /** The program's exit status, once nothing of it is left. */
  readonly ended: Promise<number>;
}

/**
 * Runs a program of this project inside a new one; `ipc`: it can be talked to. A signal to this process ends everything
 * inside at once.
 */
export function startEnclosed(program: string, args: readonly string[], ...talks: readonly 'ipc'[]): Enclosed {
  const groups = makeGroups();
  const reapers = groups === null ? [] : [groups, throttlesOf(groups)].map(startReaper);
  // The shell is the first process inside: it collects whoever loses its parent.
  const [command, ...rest] = enclosed([
    'sh',
    '-c',
    `${furnish}; "$@"; exit $?`,
    'sh',
    process.execPath,
    program,
    ...args,
  ]);
  const told: Enclosure = { groups };
  const inside = spawn(command, rest, {
    stdio: ['inherit', 'inherit', 'inherit', ...talks],
    env: { ...process.env, PATH: path, [variable]: JSON.stringify(told) },
  });
  return { process: inside, ended: untilEnded(inside, reapers) };
}

async function untilEnded(inside: ChildProcess, reapers: readonly ChildProcess[]): Promise<number> {
  let ended: keyof typeof exitCodes | null = null;
  const end = (signal: NodeJS.Signals) => {
    ended ??= signal as keyof typeof exitCodes;
    inside.kill('SIGKILL');
  };
  for (const signal of signals) process.on(signal, end);
  const code = await exitOf(inside);
  for (const reaper of reapers) {
    reaper.stdin?.end();
    await exitOf(reaper);
  }
  for (const signal of signals) process.off(signal, end);
  return ended === null ? code : exitCodes[ended];
}

/** `setpriv` and `--kill-child`: the end of this process, SIGKILL too, is the end of all that is inside. */
function enclosed(command: readonly string[]): readonly [string, ...string[]] {
  const user = isRoot ? [] : ['--user', '--map-current-user', '--keep-caps'];
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child=SIGKILL'];
  return ['setpriv', '--pdeathsig', 'KILL', 'unshare', ...user, ...namespaces, ...command];
}

/** Version 2 of control groups, because a frozen process of version 1 outlives SIGKILL. */
function makeGroups(): string | null {
  const root = groupRoots.find((directory) => existsSync(join(directory, 'cgroup.procs')));
  if (!isRoot || root === undefined) return null;
  const groups = join(root, `baton-chaos-${randomBytes(4).toString('hex')}`);
  mkdirSync(groups);
  return groups;
}

/** Where groups are made that throttle disks: version 2 has no controllers where version 1 has them. */
export const throttlesOf = (groups: string): string => join('/sys/fs/cgroup/blkio', basename(groups));

function startReaper(groups: string): ChildProcess {
  const script = join(import.meta.dirname, 'group-reaper.sh');
  // In a session of its own: Ctrl-C in the terminal must not end it.
  const reaper = spawn('sh', [script, groups], { stdio: ['pipe', 'ignore', 'inherit'], detached: true });
  reaper.stdin.on('error', () => undefined);
  return reaper;
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function isOnPath(program: string): boolean {
  return path.split(':').some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
