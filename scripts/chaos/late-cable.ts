/** The cable of a host, replaced by one that is late: a program that carries its frames (late-cable.c). */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Network } from './network.ts';

export interface LateCableOptions {
  readonly network: Network;
  readonly host: string;
  /** Only what the host and these addresses say to each other is late. */
  readonly peers: readonly string[];
  /** For its files. */
  readonly directory: string;
  readonly env?: Readonly<Record<string, string>>;
}

const startLimitMs = 10_000;
const source = join(import.meta.dirname, 'late-cable.c');

/** Stays until its process is ended with all others of the enclosure. It is not late yet. */
export async function layLateCable({
  network,
  host,
  peers,
  directory,
  env = {},
}: LateCableOptions): Promise<LateCable> {
  const program = join(directory, `late-cable-${host}`);
  const made = spawnSync('gcc', ['-O2', '-o', program, source], { encoding: 'utf8', timeout: 30_000 });
  if (made.status !== 0) throw new Error(`gcc did not make the late cable: ${made.stderr || made.error?.message}`);
  const file = `${program}.delay`;
  writeFileSync(file, Buffer.alloc(16));
  // A cable does not wait for a processor.
  const atOnce = process.getuid?.() === 0 ? ['chrt', '--fifo', '10'] : [];
  const cable = spawn('setpriv', ['--pdeathsig', 'KILL', ...atOnce, program, ...network.unplug(host), file, ...peers], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const late = AbortSignal.timeout(startLimitMs);
  const [said] = await Promise.race([once(cable.stdout, 'data', { signal: late }), once(cable, 'exit')]);
  if (String(said) !== 'ready\n') throw new Error(`the late cable ended with ${String(said)}`);
  return new LateCable(file);
}

export class LateCable {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Of each direction, from now on; drawn anew every moment where the two differ. */
  setDelay(msMin: number, msMax: number): void {
    const bytes = Buffer.alloc(16);
    bytes.writeBigInt64LE(BigInt(Math.round(msMin * 1000)), 0);
    bytes.writeBigInt64LE(BigInt(Math.round(msMax * 1000)), 8);
    const opened = openSync(this.#file, 'r+');
    try {
      writeSync(opened, bytes, 0, bytes.length, 0);
    } finally {
      closeSync(opened);
    }
  }
}
