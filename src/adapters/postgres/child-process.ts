/** Runs one of PostgreSQL's programs to its end, or kills it and everything it started. */
import { spawn } from 'node:child_process';
import { KiB, type Ms } from '../../core/units.ts';
import { reasonOf } from './bounded.ts';
import { OperationFailure } from './failure.ts';

export interface Program {
  readonly binary: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Called with each piece of stderr, which is where PostgreSQL's programs report progress. */
  readonly onStderr?: (piece: string) => void;
  /** Called with each piece of stdout, also of what is too long to be kept. */
  readonly onStdout?: (piece: string) => void;
}

export interface Ended {
  readonly code: number | null;
  readonly killedBy: string | null;
  /** The first part of stdout and the last part of stderr: what does not fit is dropped. */
  readonly stdout: string;
  readonly stderr: string;
}

const stdoutBytesMax = 256 * KiB;
const stderrBytesMax = 16 * KiB;
/** After the end of the program, how long its pipes may be held open by something it left behind. */
const pipesLimitMs: Ms = 1_000;

/**
 * Throws OperationFailure when the program cannot be started or the signal aborts. The program leads a process group of
 * its own, which is killed whole; the kernel kills the program when this process dies, so that no rewind outlives the
 * one who knows about it.
 */
export async function runProgram(program: Program): Promise<Ended> {
  const { signal } = program;
  if (signal.aborted) throw new OperationFailure(`aborted: ${reasonOf(signal)}`, true);
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program.binary, ...program.args], {
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', ...program.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const killGroup = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Nobody of the group is left.
    }
  };
  signal.addEventListener('abort', killGroup, { once: true });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    if (stdout.length < stdoutBytesMax) stdout += piece;
    program.onStdout?.(piece);
  });
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    stderr = (stderr + piece).slice(-stderrBytesMax);
    program.onStderr?.(piece);
  });
  try {
    const ended = await new Promise<Pick<Ended, 'code' | 'killedBy'>>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, killedBy) => {
        const end = () => resolve({ code, killedBy });
        const hurry = setTimeout(end, pipesLimitMs);
        child.once('close', () => {
          clearTimeout(hurry);
          end();
        });
      });
    });
    if (signal.aborted) throw new OperationFailure(`aborted: ${reasonOf(signal)}`, true);
    return { ...ended, stdout: stdout.slice(0, stdoutBytesMax), stderr };
  } catch (error) {
    if (error instanceof OperationFailure) throw error;
    throw new OperationFailure(
      `cannot run ${program.binary}: ${error instanceof Error ? error.message : String(error)}`,
      false,
    );
  } finally {
    signal.removeEventListener('abort', killGroup);
    killGroup();
  }
}

/** Runs a program that must end well. The error has the end of what it said. */
export async function mustRun(program: Program): Promise<Ended> {
  const ended = await runProgram(program);
  if (ended.code !== 0) throw new OperationFailure(howItEnded(program.binary, ended), true);
  return ended;
}

/** What initdb's own server puts before each line: another time and process at every attempt. */
const logPrefix = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \S+ \[\d+\] /gm;

export function howItEnded(binary: string, ended: Ended): string {
  const name = binary.slice(binary.lastIndexOf('/') + 1);
  const how = ended.killedBy === null ? `ended with code ${ended.code}` : `was killed by ${ended.killedBy}`;
  const said = ended.stderr.replace(logPrefix, '').trim();
  return said === '' ? `${name} ${how}` : `${name} ${how}: ${said}`;
}
