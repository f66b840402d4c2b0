/** The processes of this Linux host. Used by the guardian, and by a batond that has to fence without one. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { MiB } from '../core/units.ts';
import { dropDeadLocks } from './dead-locks.ts';
import { processesIn } from './data-dir-processes.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { StartCommand } from '../ports/postgres.ts';
import type { ExitStatus, HostSignal, ProcessHost } from '../ports/process-host.ts';

export interface ProcessHostOptions {
  /** Where postgres' own output goes before (and unless) its logging collector takes over. */
  readonly outputPath: string;
}

/** An older log of this size is moved to `<path>.1` before postgres starts; so two of them are kept at most. */
const outputBytesMax = 16 * MiB;

const signalNames: Record<HostSignal, NodeJS.Signals> = { interrupt: 'SIGINT', quit: 'SIGQUIT', kill: 'SIGKILL' };

export function createProcessHost(options: ProcessHostOptions): ProcessHost {
  return {
    start: (command, exited) => start(options.outputPath, command, exited),
    signal(pid, signal) {
      try {
        process.kill(pid, signalNames[signal]);
      } catch (error) {
        if (!isCode(error, 'ESRCH')) throw error;
      }
    },
    scan: processesIn,
    readMarks: async (dataDir) => ({
      standbySignal: await exists(join(dataDir, 'standby.signal')),
      // pg_rewind removes the inner mark with everything else that its source does not have.
      unstartable: (await exists(join(dataDir, 'baton.unstartable'))) || (await exists(`${dataDir}.unstartable`)),
    }),
    identify(pid) {
      const startTicks = readStartTicks(pid);
      return startTicks === null ? null : { pid, startTicks };
    },
  };
}

/** setpriv asks the kernel to SIGKILL what it becomes when its parent, this process, dies; then it becomes postgres. */
function start(outputPath: string, command: StartCommand, exited: (exit: ExitStatus) => void): Result<number, string> {
  let output: number;
  try {
    if ((statSync(outputPath, { throwIfNoEntry: false })?.size ?? 0) > outputBytesMax)
      renameSync(outputPath, `${outputPath}.1`);
    output = openSync(outputPath, 'a', 0o600);
  } catch (error) {
    return err(`cannot write postgres' output to ${outputPath}: ${problemOf(error)}`);
  }
  try {
    dropDeadLocks(command.dataDir, processesIn(command.dataDir));
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command.binary, ...command.args], {
      // A process is known by its working directory, from its first instant on.
      cwd: command.dataDir,
      env: { ...process.env, ...command.env },
      stdio: ['ignore', output, output],
    });
    child.once('exit', (code, signal) => exited({ code, signal }));
    child.on('error', () => undefined); // No pid: reported below, synchronously.
    if (child.pid === undefined) return err(`cannot start setpriv (util-linux) in ${command.dataDir}`);
    return ok(child.pid);
  } catch (error) {
    return err(`cannot start ${command.binary}: ${problemOf(error)}`);
  } finally {
    closeSync(output);
  }
}

/** Null for a process that is gone, or dead and not reaped. */
function readStartTicks(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in parentheses and may hold anything, also blanks and parentheses.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const startTicks = Number(rest[18]);
    return state === 'Z' || state === 'X' || !Number.isSafeInteger(startTicks) ? null : startTicks;
  } catch {
    return null;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return false;
    throw error;
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
const problemOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
