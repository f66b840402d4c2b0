/** Starts a guardian in a session of its own, so that it outlives the batond that started it. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from '../../core/result.ts';
import { MiB } from '../../core/units.ts';
import type { GuardianSpec } from '../../wire/guardian-spec.ts';

export interface GuardianProgram {
  /** The Node that runs it. */
  readonly node: string;
  /** Given to Node itself. */
  readonly nodeFlags: readonly string[];
  readonly nodeEnvironment: Readonly<Record<string, string>>;
  /** Its entry file, absolute; it is given `--spec FILE`. */
  readonly entry: string;
  readonly spec: GuardianSpec;
}

/** The log is emptied at a start when it is longer; the guardian itself does the same while it runs. */
const logBytesMax = 1 * MiB;

/** `ended` is called once, when the process that was started has ended; not called when an error is returned. */
export function spawnGuardian(
  program: GuardianProgram,
  ended: (how: string) => void,
): Result<{ readonly pid: number }, string> {
  const { stateDir } = program.spec;
  const specPath = join(stateDir, 'guardian.spec.json');
  const logPath = join(stateDir, 'guardian.log');
  try {
    writeFileSync(`${specPath}.new`, `${JSON.stringify(program.spec, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${specPath}.new`, specPath);
    const tooLong = (statSync(logPath, { throwIfNoEntry: false })?.size ?? 0) > logBytesMax;
    if (tooLong) writeFileSync(logPath, '');
    const log = openSync(logPath, 'a', 0o600);
    try {
      const child = spawn(program.node, [...program.nodeFlags, program.entry, '--spec', specPath], {
        detached: true,
        cwd: stateDir,
        // Only its own user can write there, so nobody else can put code into it.
        env: { ...process.env, ...program.nodeEnvironment, NODE_COMPILE_CACHE: join(stateDir, 'compiled-code') },
        stdio: ['ignore', log, log],
      });
      child.on('error', () => undefined); // No pid: reported below.
      if (child.pid === undefined) return err(`cannot start the guardian with ${program.node}`);
      child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
      child.unref();
      return ok({ pid: child.pid });
    } finally {
      closeSync(log);
    }
  } catch (error) {
    return err(`cannot start the guardian in ${stateDir}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
