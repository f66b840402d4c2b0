/** Runs the command `baton` on the host of a member, as an operator would. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { tagOf } from './processes.ts';
import type { Rig } from './rig.ts';

export interface BatonRun {
  /** The exit code, or the signal that ended it. */
  readonly ended: string | number;
  readonly stdout: string;
  readonly stderr: string;
}

const program = join(import.meta.dirname, '../../src/main/baton.ts');
const limitMs = 30_000;
const linesMax = 8;
const outputMax = 64 * 1024;

/** What `--json` printed. Throws with the command's own words when it does not exit with 0. */
export async function runBaton(rig: Rig, member: string, args: readonly string[]): Promise<unknown> {
  const { ended, stdout, stderr } = await tryBaton(rig, member, args);
  if (ended !== 0) {
    const lastWords = stderr.trimEnd().split('\n').slice(-linesMax).join('\n');
    throw new Error(`baton ${args.join(' ')} on ${member} ended with ${ended}:\n${stdout.trimEnd()}\n${lastWords}`);
  }
  return JSON.parse(stdout);
}

/** The same, with `--json` too, however it ends. */
export async function tryBaton(rig: Rig, member: string, args: readonly string[]): Promise<BatonRun> {
  const { configFile } = rig.member(member).files;
  const child = spawn(process.execPath, [program, ...args, '--json', '--config', configFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, BATON_RIG: tagOf(rig.id, null) },
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout = (stdout + text).slice(-outputMax);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-outputMax);
  });
  const ended = await new Promise<string | number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'no exit code'));
  });
  return { ended, stdout, stderr };
}
