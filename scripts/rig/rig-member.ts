/** One member of a rig: batond, its guardian and its PostgreSQL, on its own loopback address. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeEnvironment, nodeFlags } from '../../src/main/node-flags.ts';
import type { MemberFiles } from './member-files.ts';
import { asOwner, type Owner } from './owner.ts';
import type { Place } from './place.ts';
import {
  type Belonging,
  cwdOf,
  findProcesses,
  type FoundProcess,
  killAll,
  signalAll,
  signalOne,
  stopAll,
  tagOf,
} from './processes.ts';

/** `node`: all processes of the member, as if its host failed. */
export type Part = 'node' | 'batond' | 'guardian' | 'postmaster';

const batond = join(import.meta.dirname, '../../src/main/batond.ts');
const killLimitMs = 5_000;
const rescanMs = 5;
const logTailLines = 15;
const statusLimitMs = 1_000;

/** CLOCK_MONOTONIC in milliseconds, the same instant that every process of this host would read. */
export const monoNow = (): number => Number(process.hrtime.bigint()) / 1e6;

export class RigMember {
  readonly files: MemberFiles;
  readonly #belonging: Belonging;
  readonly #owner: Owner;
  readonly #program: string;
  readonly #place: Place | null;

  /** Without a place it runs on this machine itself. `program` is batond's, but for tests of the rig itself. */
  constructor(rigId: string, files: MemberFiles, owner: Owner, place: Place | null = null, program = batond) {
    this.files = files;
    this.#program = program;
    this.#place = place;
    this.#owner = owner;
    this.#belonging = { rigId, member: files.name, directory: files.directory, uid: owner.uid };
  }

  /** Starts batond; as the owner when this runs as root. Its output goes to the member's log file. */
  start(): void {
    const [running] = this.processes('batond');
    if (running !== undefined) throw new Error(`batond of ${this.files.name} is running, pid ${running.pid}`);
    const owned = asOwner(
      this.#owner,
      process.execPath,
      ...nodeFlags,
      this.#program,
      '--config',
      this.files.configFile,
    );
    const [command, ...args] = this.#place?.enter(owned) ?? owned;
    const log = openSync(this.files.logFile, 'a', 0o644);
    const child = spawn(command, args, {
      cwd: this.files.directory,
      env: {
        PATH: process.env['PATH'] ?? '/usr/bin:/bin',
        HOME: this.files.directory,
        LANG: 'C.UTF-8',
        ...nodeEnvironment,
        NODE_COMPILE_CACHE: join(this.files.stateDir, 'compiled-code'),
        BATON_RIG: tagOf(this.#belonging.rigId, this.files.name),
        ...this.#place?.env,
      },
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    child.on('error', () => undefined); // Seen by whoever waits for a fact, with the log.
  }

  /** SIGKILL. When, by `monoNow`, the first signal was sent. Ends when what was killed is gone. */
  async kill(part: Part): Promise<number> {
    const doomed = this.processes(part);
    if (doomed.length === 0) throw new Error(`no ${part} of ${this.files.name} is running`);
    const atMono = monoNow();
    signalAll(doomed, 'SIGKILL');
    if (part === 'node') await killAll(this.#belonging, killLimitMs);
    else await this.#untilGone(part, doomed);
    return atMono;
  }

  /** SIGSTOP: connections stay, nobody answers. When, by `monoNow`, the first signal was sent. */
  async freeze(part: Part): Promise<number> {
    const doomed = this.processes(part);
    if (doomed.length === 0) throw new Error(`no ${part} of ${this.files.name} is running`);
    const atMono = monoNow();
    signalAll(doomed, 'SIGSTOP');
    if (part === 'node') await stopAll(this.#belonging, killLimitMs);
    return atMono;
  }

  /** Lets everything of the member go on that was frozen. */
  thaw(): void {
    signalAll(findProcesses(this.#belonging), 'SIGCONT');
  }

  /** SIGTERM to batond: it detaches. Guardian and PostgreSQL stay. */
  detach(): void {
    this.terminate('batond');
  }

  /** SIGTERM to a guardian: it stops PostgreSQL, gives its lease back and ends. */
  terminate(part: 'batond' | 'guardian'): void {
    for (const { pid } of this.processes(part)) signalOne(pid, 'SIGTERM');
  }

  processes(part: Part): readonly FoundProcess[] {
    if (part === 'postmaster') {
      const pid = this.postmasterPid();
      return pid === null ? [] : [{ pid, state: '?', argv: [], cwd: this.files.dataDir }];
    }
    const all = findProcesses(this.#belonging);
    if (part === 'node') return all.toSorted((one, other) => one.pid - other.pid);
    return all.filter(({ argv }) => argv.some((argument) => argument.endsWith(`src/main/${part}.ts`)));
  }

  async #untilGone(part: Part, doomed: readonly FoundProcess[]): Promise<void> {
    const deadline = performance.now() + killLimitMs;
    const pids = doomed.map(({ pid }) => pid);
    while (this.processes(part).some(({ pid }) => pids.includes(pid))) {
      if (performance.now() > deadline)
        throw new Error(`${part} ${pids.join(' ')} outlived SIGKILL by ${killLimitMs} ms`);
      await sleep(rescanMs);
    }
  }

  /** From postmaster.pid, and only if that process really lives in the data directory. */
  postmasterPid(): number | null {
    try {
      const pid = Number(readFileSync(join(this.files.dataDir, 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
      return Number.isInteger(pid) && pid > 1 && cwdOf(pid) === this.files.dataDir ? pid : null;
    } catch {
      return null;
    }
  }

  /** GET `path` of the member's HTTP API; null when nobody answers within a second. */
  async get(path: string): Promise<{ readonly code: number; readonly body: unknown } | null> {
    try {
      const url = `http://${this.files.host}:${this.files.apiPort}${path}`;
      const response = await fetch(url, { signal: AbortSignal.timeout(statusLimitMs) });
      const text = await response.text();
      return { code: response.status, body: text === '' ? null : JSON.parse(text) };
    } catch {
      return null;
    }
  }

  /** The newest lines of its log, for the message of a failure. */
  logTail(): string {
    try {
      const lines = readFileSync(this.files.logFile, 'utf8').trimEnd().split('\n');
      return lines
        .slice(-logTailLines)
        .map((line) => line.slice(0, 400))
        .join('\n');
    } catch {
      return '(no log)';
    }
  }
}
