/**
 * Which processes belong to a rig, read from /proc. A process is the rig's own when its environment carries the rig's
 * tag, or when it runs as the rig's user inside the rig's directory: PostgreSQL overwrites the environment that /proc
 * shows with its process title, but its working directory is its data directory.
 */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Belonging {
  readonly rigId: string;
  /** Only what belongs to one member: its directory. Else the rig's. */
  readonly directory: string;
  /** Null: everything of the rig. */
  readonly member: string | null;
  readonly uid: number;
}

export interface FoundProcess {
  readonly pid: number;
  /** One letter of /proc/PID/stat: R, S, D, T (stopped). Zombies are not reported. */
  readonly state: string;
  readonly argv: readonly string[];
  readonly cwd: string | null;
}

const rescanMs = 5;

/** The value of BATON_RIG in the environment of everything that a rig starts. */
export const tagOf = (rigId: string, member: string | null): string => (member === null ? rigId : `${rigId}:${member}`);

export function findProcesses(belonging: Belonging): readonly FoundProcess[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .map((entry) => lookAt(Number(entry), belonging))
    .filter((found) => found !== null);
}

/** Sends one signal to all of them in one go, without a pause in which one could react to the end of another. */
export function signalAll(processes: readonly FoundProcess[], signal: NodeJS.Signals): void {
  for (const { pid } of processes) signalOne(pid, signal);
}

/** False when there is no such process any more. */
export function signalOne(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** SIGKILLs everything that belongs, and what it forked meanwhile, until a scan finds none. Throws past `limitMs`. */
export async function killAll(belonging: Belonging, limitMs: number): Promise<void> {
  await signalUntil(belonging, 'SIGKILL', limitMs, () => true);
}

/** SIGSTOPs everything that belongs until nothing of it runs. */
export async function stopAll(belonging: Belonging, limitMs: number): Promise<void> {
  await signalUntil(belonging, 'SIGSTOP', limitMs, ({ state }) => state !== 'T' && state !== 't');
}

async function signalUntil(
  belonging: Belonging,
  signal: NodeJS.Signals,
  limitMs: number,
  concerned: (found: FoundProcess) => boolean,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const left = findProcesses(belonging).filter(concerned);
    if (left.length === 0) return;
    signalAll(left, signal);
    if (performance.now() > deadline) {
      const list = left.map(({ pid, state, argv }) => `${pid} (${state}) ${argv.join(' ').slice(0, 80)}`).join('; ');
      throw new Error(`${signal} had no effect within ${limitMs} ms on: ${list}`);
    }
    await sleep(rescanMs);
  }
}

function lookAt(pid: number, { rigId, directory, member, uid }: Belonging): FoundProcess | null {
  return lookAtProcess(pid, (cwd) => {
    const inside = statSync(`/proc/${pid}`).uid === uid && cwd !== null && isInside(cwd, directory);
    return inside || isTagged(pid, rigId, member);
  });
}

/** Null when there is no such process any more, it is not the caller's to look at, or it is not `wanted`. */
export function lookAtProcess(pid: number, wanted: (cwd: string | null) => boolean = () => true): FoundProcess | null {
  try {
    const at = `/proc/${pid}`;
    const state = /^.*\) (\S)/s.exec(readFileSync(`${at}/stat`, 'utf8'))?.[1] ?? 'Z';
    if (state === 'Z' || state === 'X') return null;
    const cwd = cwdOf(pid);
    if (!wanted(cwd)) return null;
    const argv = readFileSync(`${at}/cmdline`, 'utf8')
      .split('\0')
      .filter((argument) => argument !== '');
    return { pid, state, argv, cwd };
  } catch {
    return null;
  }
}

function isTagged(pid: number, rigId: string, member: string | null): boolean {
  const tag = readFileSync(`/proc/${pid}/environ`, 'utf8')
    .split('\0')
    .find((entry) => entry.startsWith('BATON_RIG='))
    ?.slice('BATON_RIG='.length);
  return member === null ? tag === rigId || tag?.startsWith(`${rigId}:`) === true : tag === tagOf(rigId, member);
}

export function cwdOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '');
  } catch {
    return null;
  }
}

const isInside = (path: string, directory: string): boolean => path === directory || path.startsWith(`${directory}/`);
