/** One round: a healthy cluster under load, a fault at a random instant, its healing, and the verdict. */
import { setTimeout as sleep } from 'node:timers/promises';
import { RULES, type Rule } from '../../src/core/rules.ts';
import type { Status } from '../../src/wire/status.ts';
import { Random } from '../../test/sim/clock/random.ts';
import { readLeader } from '../rig/daemon-facts.ts';
import { monoNow } from '../rig/rig-member.ts';
import type { ChaosCluster } from './cluster.ts';
import type { Fault, Stage } from './fault.ts';
import type { Observed } from './observed.ts';
import { RedundancyWatch } from './redundancy-watch.ts';
import { longestGapMs } from './workload/verdict.ts';
import { promotionsOf } from './promotions.ts';
import { startWorkload } from './workload/workload.ts';

const clientsPerTarget = 2;
const writesBefore = 50;
const writesAfter = 50;
const workLimitMs = 30_000;
const healthyLimitMs = 60_000;
const restoredLimitMs = 120_000;
const settledMs = 1_500;
/** What the healing itself may take. */
const lateMsMax = 150;
/** The fault begins so long after the clients do, drawn for each round. */
const injectAfterMs = [0, 1_500] as const;

/** Throws when the cluster is not whole again in time, or clients cannot write; heals in any case. */
export async function playRound(
  cluster: ChaosCluster,
  fault: Fault,
  seed: number,
  say: (text: string) => void,
): Promise<Observed> {
  const random = new Random(seed);
  await cluster.untilRedundant(healthyLimitMs);
  await fault.prepare?.(cluster);
  const before = await cluster.untilRedundant(healthyLimitMs);
  const promotionsBefore = promotionsOf(cluster, before);
  const undoing: (() => unknown)[] = [];
  const stage = stageOf(cluster, before, random, (heal) => undoing.push(heal), say);
  const targets = cluster.rig.clientEndpoints();
  await using workload = await startWorkload({ targets, clientsPerTarget, seed, startLimitMs: workLimitMs });
  await workload.untilMore(writesBefore, workLimitMs);
  await sleep(random.between(...injectAfterMs));

  await using redundancy = new RedundancyWatch(cluster);
  const beganMono = monoNow();
  /** From when on the cluster may mend itself. */
  let mendsFromMono = beganMono;
  let meanwhile: string | null = null;
  say(`${fault.says}; ${stage.leader} leads`);
  try {
    await fault.inject(stage);
    await sleep(Math.max(0, random.between(...fault.lastsMs) - (monoNow() - beganMono)));
    // Whoever does not answer is waited for: not asked without need, because the fault lasts as long.
    if (fault.expects.meanwhile !== undefined) meanwhile = (await readLeader(cluster.rig))?.name ?? null;
  } finally {
    if (undoing.length > 0) {
      for (const heal of undoing.toReversed()) await heal();
      mendsFromMono = monoNow();
    }
  }
  const endedMono = monoNow();
  const lastedMs = Math.round(endedMono - beganMono);
  if (fault.noLonger === true && lastedMs > fault.lastsMs[1] + lateMsMax)
    throw new Error(`it lasted ${lastedMs} ms, meant were at most ${fault.lastsMs[1]} ms: this machine is too busy`);
  const { after, sinceMono } = await settled(cluster, redundancy, endedMono);
  await workload.untilMore(writesAfter, workLimitMs);
  const verdict = await workload.stop();
  return {
    ...{ fault: fault.name, mode: cluster.mode, members: targets.length, seed },
    ...{ oldLeader: stage.leader, newLeader: after.leader ?? '' },
    meanwhile,
    promotions: promotionsOf(cluster, after) - promotionsBefore,
    lastedMs,
    outageMs: Math.round(longestGapMs(verdict, beganMono, monoNow())),
    redundantMs: Math.max(0, Math.round(sinceMono - mendsFromMono)),
    rules: rulesOf(stage),
    acknowledged: verdict.counts.acknowledged,
    anomalies: verdict.anomalies,
    staleReads: verdict.staleReads.count,
    strays: straysOf(cluster),
    examples: verdict.examples,
  };
}

/** Redundancy has to last for a moment: just after the healing nobody may have noticed yet what happened to him. */
function settled(
  cluster: ChaosCluster,
  redundancy: RedundancyWatch,
  endedMono: number,
): Promise<{ readonly after: Status; readonly sinceMono: number }> {
  return cluster.rig.waitFor('a leader, redundancy and every member running', restoredLimitMs, async () => {
    const { sinceMono } = redundancy;
    if (sinceMono === null || monoNow() - Math.max(sinceMono, endedMono) < settledMs) return null;
    const after = await cluster.redundantStatus();
    return after === null ? null : { after, sinceMono };
  });
}

function stageOf(cluster: ChaosCluster, status: Status, random: Random, undo: Stage['undo'], say: Stage['say']): Stage {
  const leader = status.leader ?? '';
  const others = cluster.members.filter((name) => name !== leader);
  const standby = others.find((name) => status.synchronous.standbys.includes(name)) ?? others[0];
  if (standby === undefined) throw new Error(`${leader} has no standby`);
  return { cluster, leader, standby, random, mode: cluster.mode, journal: cluster.markJournals(), undo, say };
}

function rulesOf({ journal }: Stage): readonly Rule[] {
  const named = new Set(journal.entries().map(({ rule }) => rule));
  return [...named].flatMap((name) => RULES.find((rule) => rule === name) ?? []);
}

/** Nobody is there twice, and nobody is left of an earlier life. */
function straysOf({ members, rig }: ChaosCluster): readonly string[] {
  return members.flatMap((name) =>
    (['batond', 'guardian'] as const).flatMap((part) => {
      const pids = rig
        .member(name)
        .processes(part)
        .map(({ pid }) => pid);
      return pids.length === 1 ? [] : [`${name} has ${pids.length} processes ${part}: ${pids.join(' ')}`];
    }),
  );
}
