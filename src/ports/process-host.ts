/** The processes of this host, as far as a guardian and its batond touch them. */
import type { StartMarks } from '../core/guardian-start.ts';
import type { Result } from '../core/result.ts';
import type { StartCommand } from './postgres.ts';

export interface ExitStatus {
  readonly code: number | null;
  readonly signal: string | null;
}

/** `interrupt`: postgres' fast shutdown (SIGINT). `quit`: its immediate one (SIGQUIT). `kill`: SIGKILL. */
export type HostSignal = 'interrupt' | 'quit' | 'kill';

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks between boot and the start of the process. */
  readonly startTicks: number;
}

export interface ProcessHost {
  /**
   * Starts postgres as a child of this process that the kernel kills when this process ends. `exited` is called once,
   * as soon as the kernel reports it, also when the program could not be executed. Value: its pid.
   */
  start(command: StartCommand, exited: (exit: ExitStatus) => void): Result<number, string>;
  /** Returns silently when there is no such process any more. */
  signal(pid: number, signal: HostSignal): void;
  /**
   * The processes of this user whose working directory is exactly this directory, deleted or not; never this process
   * itself. A dead process that nobody has reaped yet is not one of them: it runs nothing.
   */
  scan(dataDir: string): readonly number[];
  readMarks(dataDir: string): Promise<StartMarks>;
  /** Null when there is no such process. */
  identify(pid: number): ProcessIdentity | null;
}
