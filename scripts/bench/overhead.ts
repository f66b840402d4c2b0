/**
 * `npm run bench -- --overhead`: what Baton costs the database while nothing happens. pgbench on one synchronous pair,
 * with Baton and without, by turns; what counts is the difference in each pair of runs. The first pair does not count.
 */
import { join } from 'node:path';
import { readLeader } from '../rig/daemon-facts.ts';
import { startProgress } from '../rig/progress.ts';
import { startRedundantRig } from '../rig/redundant-rig.ts';
import type { Rig } from '../rig/rig.ts';
import { lookAtMachine, machineText } from './machine.ts';
import { overheadOf, type Pair } from './overhead/account.ts';
import { checkpoint, differences, endpointOf, giveBack, settingsOf, takeAway } from './overhead/by-hand.ts';
import { initialize, run } from './overhead/pgbench.ts';
import { overheadText } from './overhead/render.ts';
import { writeResults } from './results.ts';

const redundantLimitMs = 120_000;

/** Prints what it found; false when the target was missed. */
export async function benchOverhead(binDir: string, pairs: number, out: string | undefined): Promise<boolean> {
  const machine = lookAtMachine(binDir);
  const say = startProgress((line) => void process.stderr.write(line));
  await using rig = await startRedundantRig({ members: ['a', 'b'], etcdMembers: 3 }, say);
  await initialize(binDir, endpointOf(rig, await leaderOf(rig)), join(rig.directory, 'pgbench'));
  const counted: Pair[] = [];
  for (let at = 0; at <= pairs; at += 1) {
    const pair = await measure(rig, binDir);
    if (at > 0) counted.push(pair);
    const lost = (100 * (1 - pair.with.tps / pair.without.tps)).toFixed(1);
    say(
      `${at === 0 ? 'warm-up' : `${at} of ${pairs}`}: ${Math.round(pair.with.tps)} tps with, ${Math.round(pair.without.tps)} without: ${lost} % lost`,
    );
  }
  const overhead = overheadOf(counted);
  const text = overheadText(overhead);
  const conditions = `${new Date().toISOString()}. ${machineText(machine)}.`;
  process.stdout.write(`${text}\n\n${conditions}\n`);
  if (out !== undefined)
    writeResults(out, {
      name: 'overhead',
      title: 'What Baton costs the database while nothing happens',
      command: `npm run bench -- --overhead --runs ${pairs} --out ${out}`,
      json: { machine, overhead },
      ...{ conditions, text },
    });
  return overhead.kept;
}

/** First with Baton, then without; afterwards Baton is back. Throws when PostgreSQL was not set the same. */
async function measure(rig: Rig, binDir: string): Promise<Pair> {
  const logs = join(rig.directory, 'pgbench');
  const leader = await leaderOf(rig);
  const endpoint = endpointOf(rig, leader);
  await checkpoint(endpoint);
  const settings = await settingsOf(endpoint);
  const withBaton = await run(binDir, endpoint, logs);
  await takeAway(rig, leader);
  await checkpoint(endpoint);
  const others = differences(settings, await settingsOf(endpoint));
  if (others.length > 0) throw new Error(`PostgreSQL is set otherwise without Baton: ${others.join('; ')}`);
  const without = await run(binDir, endpoint, logs);
  await giveBack(rig, leader);
  await leaderOf(rig);
  return { with: withBaton, without };
}

const leaderOf = (rig: Rig): Promise<string> =>
  rig.waitFor('redundancy', redundantLimitMs, async () => {
    const leader = await readLeader(rig);
    return leader?.redundant === true ? leader.name : null;
  });
