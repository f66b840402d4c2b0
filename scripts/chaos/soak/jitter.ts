/** The network between the members is late, by another amount every moment. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { tagOf } from '../../rig/processes.ts';
import { hasCompiler } from '../disk/host-faults.ts';
import { pause } from './child.ts';
import type { SoakStage, Strain } from './strain.ts';

/** Of each direction: a round trip is late by twice as much at most. */
const lateMsMax = 50;
const lateForMs = 15_000;
const quietForMs = 15_000;
const startLimitMs = 10_000;
const source = join(import.meta.dirname, 'jittery-link.c');

export const jitter: Strain = {
  name: 'jitter',
  says: `For 15 seconds out of every 30, round trips between the primary and the others are late by up to ${2 * lateMsMax} ms`,
  impossible: () => (hasCompiler() ? null : 'there is no gcc'),
  prepare: layLateCable,
  async run(stage) {
    const file = fileOf(stage);
    let times = 0;
    while (!stage.signal.aborted) {
      setLateMs(file, lateMsMax);
      times += 1;
      await pause(lateForMs, stage.signal);
      setLateMs(file, 0);
      await pause(quietForMs, stage.signal);
    }
    return `${times} times`;
  },
};

/** Where the cable reads how late it is to be. */
const fileOf = ({ cluster }: SoakStage): string => join(cluster.rig.directory, 'jitter');

/** Stays until the cluster is stopped. */
async function layLateCable(stage: SoakStage): Promise<void> {
  const { cluster, leader } = stage;
  const program = join(cluster.rig.directory, 'jittery-link');
  const made = spawnSync('gcc', ['-O2', '-o', program, source], { encoding: 'utf8', timeout: 30_000 });
  if (made.status !== 0) throw new Error(`gcc did not make the late cable: ${made.stderr}`);
  const file = fileOf(stage);
  writeFileSync(file, Buffer.alloc(8));
  const peers = cluster.network.addresses(cluster.members.filter((name) => name !== leader));
  // A cable does not wait for a processor.
  const atOnce = process.getuid?.() === 0 ? ['chrt', '--fifo', '10'] : [];
  const cable = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', ...atOnce, program, ...cluster.network.unplug(leader), file, ...peers],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, BATON_RIG: tagOf(cluster.rig.id, null) },
    },
  );
  const late = AbortSignal.timeout(startLimitMs);
  const [said] = await Promise.race([once(cable.stdout, 'data', { signal: late }), once(cable, 'exit')]);
  if (String(said) !== 'ready\n') throw new Error(`the late cable ended with ${String(said)}`);
}

function setLateMs(file: string, lateMs: number): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(lateMs));
  const opened = openSync(file, 'r+');
  try {
    writeSync(opened, bytes, 0, bytes.length, 0);
  } finally {
    closeSync(opened);
  }
}
