/**
 * `npm run chaos -- --soak 60m`: nothing is wrong, and everything is hard: the machine is saturated, etcd's disks and the
 * network are slow at times, people take backups and clone. Nobody may fail over and nobody may be fenced. Detection as
 * fast as this has one risk, and this measures how far away it is: every doubt that healed, with what was left.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { durationText } from '../../src/config/quantity.ts';
import type { SyncMode } from '../../src/core/cluster.ts';
import type { Ms } from '../../src/core/units.ts';
import { ChaosCluster } from './cluster.ts';
import { enclosure } from './enclosure.ts';
import { keepEvidence } from './evidence.ts';
import type { JournalMark } from './journal-mark.ts';
import { blindSpellsOf, type NearMiss, nearMissesOf, soakComplaints } from './soak/judge.ts';
import { promotionsOf } from './promotions.ts';
import { pause } from './soak/child.ts';
import type { SoakStage, Strain } from './soak/strain.ts';
import { strains } from './soak/strains.ts';
import { type Verdict, verdictText } from './workload/verdict.ts';
import { startWorkload } from './workload/workload.ts';

export interface SoakOptions {
  readonly lastsMs: Ms;
  readonly mode: SyncMode;
  readonly members: 2 | 3;
  readonly seed: number;
  readonly out: string;
}

export interface SoakResult {
  readonly v: 1;
  readonly commit: string;
  readonly at: string;
  readonly mode: SyncMode;
  readonly members: number;
  readonly lastedMs: Ms;
  /** What each strain did; those that could not be made here say why. */
  readonly strains: Readonly<Record<string, string>>;
  readonly nearMisses: readonly NearMiss[];
  /** How often etcd did not answer the leader for a moment. */
  readonly blindSpells: number;
  readonly verdict: Omit<Verdict, 'gaps'>;
  readonly longestGapMs: Ms;
  readonly complaints: readonly string[];
}

const healthyLimitMs = 120_000;
const readJournalsEveryMs = 5_000;
/** Enough to see a lost write, too little to be the load. */
const workload = { clientsPerTarget: 2, pauseMs: 200, silenceMs: 60_000 };
const strainedParameters = { max_wal_size: '256MB', min_wal_size: '128MB' };

export async function runSoak(options: SoakOptions, commit: string, say: (text: string) => void): Promise<SoakResult> {
  const inside = enclosure();
  if (inside === null) throw new Error('a soak is only run inside an enclosure');
  const { mode, members } = options;
  say(`a cluster of ${members} members, mode ${mode}`);
  await using cluster = await ChaosCluster.start({ mode, members, parameters: strainedParameters }, inside);
  const result = await soaked(cluster, options, commit, say);
  mkdirSync(options.out, { recursive: true });
  const file = join(options.out, `soak-${commit}-${mode}.json`);
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`);
  say(`written to ${file}`);
  // Also of a good one: how near it came is read there.
  say(`journals and logs are in ${keepEvidence(options.out, cluster, `soak-${mode}-${options.seed}`, result)}`);
  return result;
}

async function soaked(
  cluster: ChaosCluster,
  { lastsMs, mode, seed }: SoakOptions,
  commit: string,
  say: (text: string) => void,
): Promise<SoakResult> {
  const at = new Date().toISOString();
  const { leader } = await cluster.untilRedundant(healthyLimitMs);
  const ending = new AbortController();
  const undoing: (() => unknown)[] = [];
  const undo = (work: () => unknown) => void undoing.push(work);
  const stage: SoakStage = { cluster, leader: leader ?? '', signal: ending.signal, say, undo };
  try {
    const ready = await prepared(stage);
    const promotionsBefore = promotionsOf(cluster, await cluster.untilRedundant(healthyLimitMs));
    const journal = cluster.markJournals();
    await using clients = await startWorkload({ targets: cluster.rig.clientEndpoints(), seed, ...workload });
    const began = performance.now();
    const did = await strained(ready.strains, stage, ending, lastsMs, journal);
    const lastedMs = Math.round(performance.now() - began);
    say('all is quiet again');
    const after = await cluster.untilRedundant(healthyLimitMs);
    const verdict = await clients.stop();
    say(verdictText(verdict));
    const facts = {
      entries: journal.entries(),
      ...{ oldLeader: stage.leader, newLeader: after.leader ?? '', verdict, failures: did.failures },
      promotions: promotionsOf(cluster, after) - promotionsBefore,
    };
    const { gaps, ...rest } = verdict;
    return {
      ...{ v: 1, commit, at, mode, members: cluster.members.length, lastedMs },
      strains: { ...ready.impossible, ...did.done },
      blindSpells: blindSpellsOf(facts.entries, stage.leader),
      ...{ nearMisses: nearMissesOf(facts.entries), verdict: rest, longestGapMs: Math.round(gaps[0]?.lengthMs ?? 0) },
      complaints: soakComplaints(facts),
    };
  } finally {
    for (const work of undoing.toReversed()) await work();
  }
}

/** One after the other, while nothing is measured. */
async function prepared(
  stage: SoakStage,
): Promise<{ readonly strains: readonly Strain[]; readonly impossible: Readonly<Record<string, string>> }> {
  const impossible: Record<string, string> = {};
  for (const { name, says, impossible: whyNot, prepare } of strains) {
    const why = whyNot?.(stage.cluster) ?? null;
    stage.say(why === null ? says : `NOT DONE: ${name}: ${why}`);
    if (why === null) await prepare?.(stage);
    else impossible[name] = `not done: ${why}`;
  }
  return { strains: strains.filter(({ name }) => !(name in impossible)), impossible };
}

/** Everything at once for so long. One that fails is told at once and ends the soak. */
async function strained(
  ready: readonly Strain[],
  stage: SoakStage,
  ending: AbortController,
  lastsMs: Ms,
  journal: JournalMark,
): Promise<{ readonly done: Readonly<Record<string, string>>; readonly failures: readonly string[] }> {
  const done: Record<string, string> = {};
  const failures: string[] = [];
  const reading = setInterval(() => journal.entries(), readJournalsEveryMs); // Before old files are deleted.
  const running = ready.map(async ({ name, run }) => {
    try {
      done[name] = await run(stage);
    } catch (error) {
      const problem = `${name} could not go on: ${error instanceof Error ? error.message : String(error)}`;
      stage.say(problem);
      failures.push(problem);
      ending.abort();
    }
  });
  await pause(lastsMs, ending.signal);
  ending.abort();
  await Promise.all(running).finally(() => clearInterval(reading));
  return { done, failures };
}

/** For the terminal. */
export function soakText(result: SoakResult): string {
  const { lastedMs, mode, complaints, verdict, longestGapMs, nearMisses } = result;
  const [nearest] = nearMisses;
  const nearness =
    nearest === undefined || nearest.headroomMs === null
      ? ''
      : `, the nearest with ${nearest.headroomMs} ms left: ${nearest.signs}`;
  const outcome = complaints.length === 0 ? 'no failover, no fence' : 'FAILED';
  return [
    `soak of ${durationText(Math.round(lastedMs / 1000) * 1000)}, mode ${mode}: ${outcome}`,
    ...complaints.map((complaint) => `  ${complaint}`),
    ...Object.entries(result.strains).map(([name, what]) => `  ${name.padEnd(12)} ${what}`),
    `  clients      ${verdict.counts.acknowledged} acknowledged, longest wait of all ${longestGapMs} ms`,
    `  doubts       ${nearMisses.length} healed${nearness}`,
    `  etcd         ${result.blindSpells} times without an answer to the leader`,
  ].join('\n');
}
