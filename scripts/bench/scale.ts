/**
 * `npm run bench -- --scale 1,10,50,100`: whether a failover takes longer, and what etcd costs, the more clusters share
 * it. One cluster is real and its leader's host is killed; the others are real to etcd alone (scale/loaded-member.ts).
 */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { second } from '../../src/core/units.ts';
import { faultNamed } from '../rig/faults.ts';
import { tagOf } from '../rig/processes.ts';
import { startProgress } from '../rig/progress.ts';
import { startRedundantRig } from '../rig/redundant-rig.ts';
import type { Rig } from '../rig/rig.ts';
import { playRound } from '../rig/round.ts';
import { coreShareOf } from './cost/account.ts';
import { metricsOf } from './cost/etcd-look.ts';
import { totalOf } from './cost/etcd-metrics.ts';
import { lookAtProcess, memoryNow, type ProcessLook } from './cost/process-look.ts';
import { lookAtMachine, machineText } from './machine.ts';
import { writeResults } from './results.ts';
import { generatorShareMax, growthOf, type Step } from './scale/account.ts';
import { Generator } from './scale/generator.ts';
import { scaleText } from './scale/render.ts';

const windowMs = 20 * second;
/** So that automation is not held after the third failover, as it would be in production. */
const budgets = { cooldown: '999 in 1h', crashBudget: '999 in 10m' };

/** Prints what it found. False when a write was lost, or when it had to stop before the last step. */
export async function benchScale(
  binDir: string,
  sizes: readonly number[],
  rounds: number,
  out: string | undefined,
): Promise<boolean> {
  const machine = lookAtMachine(binDir);
  const say = startProgress((line) => void process.stderr.write(line));
  await using rig = await startRedundantRig(
    { members: ['a', 'b'], etcdMembers: 3, shared: { failover: budgets } },
    say,
  );
  await using generator = new Generator(rig.etcd.endpoints, { BATON_RIG: tagOf(rig.id, null) });
  const steps: Step[] = [];
  let [note, lost]: [string | null, number] = [null, 0];
  for (const clusters of sizes) {
    await generator.growTo(clusters - 1);
    say(`${clusters} clusters are there; etcd is measured for ${windowMs / second} s`);
    const cost = await measure(rig, generator);
    if (cost.generatorCores > generatorShareMax * availableParallelism()) {
      note = `Stopped at ${clusters} clusters: making their traffic takes ${(cost.generatorCores * 100).toFixed(0)} % of a core, over half of this machine's ${availableParallelism()}. Nothing that is measured beside it would mean anything.`;
      break;
    }
    const outagesMs: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const title = `${clusters} clusters, ${round} of ${rounds}`;
      const played = await playRound(rig, faultNamed('node-kill'), {
        ...{ writers: 1, writesNeedStandby: false },
        say: (text) => say(`${title}: ${text}`),
      });
      outagesMs.push(played.outageMs);
      lost += played.verdict.missing;
    }
    steps.push({ clusters, outagesMs, ...cost });
  }
  const growth = growthOf(steps);
  const text = [scaleText(steps, growth, note), ...(lost === 0 ? [] : [`${lost} ACKNOWLEDGED WRITES LOST`])].join('\n');
  const conditions = `${new Date().toISOString()}. ${machineText(machine)}; ${rounds} rounds of a killed host in each step.`;
  process.stdout.write(`${text}\n\n${conditions}\n`);
  if (out !== undefined)
    writeResults(out, {
      name: 'scale',
      title: 'Many clusters on one etcd',
      command: `npm run bench -- --scale ${sizes.join(',')} --runs ${rounds} --out ${out}`,
      json: { machine, steps, growth, note, lost },
      ...{ conditions, text },
    });
  return lost === 0 && note === null;
}

async function measure(rig: Rig, generator: Generator): Promise<Omit<Step, 'clusters' | 'outagesMs'>> {
  const first = await look(rig, generator);
  await sleep(windowMs);
  const last = await look(rig, generator);
  const cores = (before: readonly ProcessLook[], after: readonly ProcessLook[]) =>
    after.reduce((sum, one, at) => sum + coreShareOf(before[at] ?? one, one), 0);
  const perSecond = (count: number) => (count * second) / (last.atMono - first.atMono);
  return {
    etcdCores: cores(first.etcd, last.etcd),
    etcdRssBytes: rig.etcd.pids.reduce((sum, pid) => sum + memoryNow(pid).rss, 0),
    requestsPerSecond: perSecond(last.requests - first.requests),
    writesPerSecond: perSecond(last.writes - first.writes),
    generatorCores: cores(first.generator, last.generator),
    failures: last.failures - first.failures,
  };
}

async function look(rig: Rig, generator: Generator) {
  const metrics = await Promise.all(rig.etcd.endpoints.map(metricsOf));
  return {
    atMono: performance.now(),
    etcd: rig.etcd.pids.map(lookAtProcess),
    generator: generator.looks(),
    failures: generator.failures,
    requests: totalOf(metrics.flat(), 'grpc_server_msg_received_total'),
    // Every member applies every write: one member's count is the cluster's.
    writes: totalOf(metrics[0] ?? [], 'etcd_debugging_mvcc_put_total'),
  };
}
