/** pgbench against one server: TPC-B's transaction, prepared, each of them logged. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { second } from '../../../src/core/units.ts';
import type { ClientEndpoint } from '../../rig/rig.ts';
import { latenciesMsOf, p99, type Run, tpsOf } from './account.ts';

export const load = { scale: 10, clients: 4, threads: 2, seconds: 20 } as const;

const initLimitMs = 120 * second;
const graceMs = 60 * second;
const outputMax = 64 * 1024;

export const initialize = async (binDir: string, endpoint: ClientEndpoint, directory: string): Promise<void> =>
  void (await pgbench(binDir, endpoint, directory, ['-i', '-q', '-s', `${load.scale}`], initLimitMs));

/** `directory` is made for its logs, and emptied first. */
export async function run(binDir: string, endpoint: ClientEndpoint, directory: string): Promise<Run> {
  rmSync(directory, { recursive: true, force: true });
  const { clients, threads, seconds } = load;
  const options = ['-n', '-M', 'prepared', '-c', `${clients}`, '-j', `${threads}`, '-T', `${seconds}`, '-l'];
  const printed = await pgbench(binDir, endpoint, directory, options, seconds * second + graceMs);
  const logs = readdirSync(directory).map((file) => readFileSync(join(directory, file), 'utf8'));
  return { tps: tpsOf(printed), p99Ms: p99(logs.flatMap(latenciesMsOf)) };
}

async function pgbench(
  binDir: string,
  { host, port, user, password, database }: ClientEndpoint,
  directory: string,
  options: readonly string[],
  limitMs: number,
): Promise<string> {
  mkdirSync(directory, { recursive: true });
  const child = spawn(join(binDir, 'pgbench'), [...options, '-h', host, '-p', `${port}`, '-U', user, database], {
    cwd: directory,
    env: { ...process.env, PGPASSWORD: password, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  let printed = '';
  const keep = (text: string) => {
    printed = (printed + text).slice(-outputMax);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const code = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit, signal) => resolve(String(exit ?? signal)));
  });
  if (code !== '0') throw new Error(`pgbench ended with ${code}:\n${printed.slice(-2_000)}`);
  return printed;
}
