/** A program that strains a cluster: it cannot outlive the soak, and its end before that is told. */
import { spawn } from 'node:child_process';
import { tagOf } from '../../rig/processes.ts';
import type { SoakStage } from './strain.ts';

export interface Ran {
  readonly stdout: string;
}

const outputMax = 64 * 1024;

/** Resolves when it ended well, or because of the signal. Rejects with its last words when it failed. */
export async function runChild(
  { cluster, signal }: SoakStage,
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env, BATON_RIG: tagOf(cluster.rig.id, null) },
  });
  const end = () => void child.kill('SIGKILL');
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout = (stdout + text).slice(-outputMax);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-outputMax);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve(exitCode));
  }).finally(() => signal.removeEventListener('abort', end));
  if (code !== 0 && !signal.aborted)
    throw new Error(`${command.join(' ')} ended with ${code}: ${stderr.trim().split('\n').slice(-5).join(' / ')}`);
  return { stdout };
}

/** For programs of PostgreSQL that dial the member. */
export function dialling({ cluster }: SoakStage, member: string): Readonly<Record<string, string>> {
  const endpoint = cluster.rig.clientEndpoints().find(({ name }) => name === member);
  if (endpoint === undefined) throw new Error(`${member} is no member`);
  const { host, port, user, password, database } = endpoint;
  return { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database };
}

/** Ends early, without an error, when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
