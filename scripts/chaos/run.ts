/** Plays the rounds that were asked for, on one cluster for as long as it heals, and on a new one after a failure. */
import { ChaosCluster } from './cluster.ts';
import { hasCompiler } from './disk/host-faults.ts';
import { throttlesProblem } from './disk/throttled-disk.ts';
import { enclosure } from './enclosure.ts';
import { keepEvidence } from './evidence.ts';
import type { Fault } from './fault.ts';
import { complaintsOf } from './judge.ts';
import type { ChaosOptions } from './options.ts';
import { playRound } from './play-round.ts';
import { addResult, passedCount, readResults, type RoundResult } from './results.ts';
import type { SyncMode } from '../../src/core/cluster.ts';

interface Planned {
  readonly fault: Fault;
  readonly mode: SyncMode;
  readonly members: 2 | 3;
  readonly seed: number;
}

/** More rounds in a row that could not be seen to their end, and the run gives up. */
const brokenMax = 5;

/** What was played, in order. */
export async function runChaos(
  options: ChaosOptions,
  commit: string,
  say: (text: string) => void,
): Promise<readonly RoundResult[]> {
  const inside = enclosure();
  if (inside === null) throw new Error('chaos is only run inside an enclosure');
  const played: RoundResult[] = [];
  let cluster: ChaosCluster | null = null;
  let brokenInRow = 0;
  try {
    for (const planned of plan(possible(options, say), commit)) {
      const { fault, mode, members, seed } = planned;
      const title = `${fault.name} ${mode} ${seed}`;
      if (cluster === null || cluster.mode !== mode || cluster.members.length !== members) {
        await cluster?.stop();
        cluster = null;
        say(`a new cluster of ${members} members, mode ${mode}`);
        cluster = await ChaosCluster.start({ mode, members }, inside);
      }
      const result = await play(cluster, planned, (text) => say(`${title}: ${text}`));
      played.push(result);
      addResult(options.out, commit, result);
      say(`${title}: ${resultText(result)}`);
      if (result.kind !== 'passed') {
        say(
          `${title}: journals and logs are in ${keepEvidence(options.out, cluster, `${fault.name}-${mode}-${seed}`, result)}`,
        );
        say(`${title}: again: ${replayCommand(planned)}`);
        await cluster.stop();
        cluster = null;
      }
      brokenInRow = result.kind === 'broken' ? brokenInRow + 1 : 0;
      if (brokenInRow >= brokenMax) throw new Error(`${brokenMax} rounds in a row could not be seen to their end`);
    }
    return played;
  } finally {
    await cluster?.stop();
  }
}

/** Without the faults that cannot be made here, each of which is said. */
function possible(options: ChaosOptions, say: (text: string) => void): ChaosOptions {
  const problems = { compiler: hasCompiler() ? null : 'there is no gcc', throttles: throttlesProblem() };
  const faults = options.faults.filter(({ name, needs }) => {
    const problem = needs === undefined ? null : problems[needs];
    if (problem !== null) say(`NOT RUN: ${name}: ${problem}`);
    return problem === null;
  });
  return { ...options, faults };
}

/** Grouped by mode and members, because each needs another cluster. */
function* plan(
  { faults, rounds, seed, modes, members, out, resume }: ChaosOptions,
  commit: string,
): Generator<Planned> {
  const earlier = readResults(out, commit);
  for (const mode of modes) {
    for (const count of [2, 3] as const) {
      for (const fault of faults) {
        if (Math.max(fault.members ?? 2, members) !== count || fault.modes?.includes(mode) === false) continue;
        const passed = resume ? passedCount(earlier, { fault: fault.name, mode, members: count }) : 0;
        for (let round = passed; round < rounds; round++) yield { fault, mode, members: count, seed: seed + round };
      }
    }
  }
}

async function play(cluster: ChaosCluster, planned: Planned, say: (text: string) => void): Promise<RoundResult> {
  const { fault, mode, members, seed } = planned;
  const at = new Date().toISOString();
  try {
    const observed = await playRound(cluster, fault, seed, say);
    const complaints = complaintsOf(observed, fault.expects);
    return { kind: complaints.length === 0 ? 'passed' : 'failed', at, observed, complaints };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { kind: 'broken', at, observed: { fault: fault.name, mode, members, seed }, complaints: [problem] };
  }
}

function resultText(result: RoundResult): string {
  if (result.kind === 'broken') return `BROKEN: ${result.complaints.join('; ')}`;
  const { oldLeader, newLeader, outageMs, redundantMs, acknowledged } = result.observed;
  const figures = `${oldLeader} -> ${newLeader}, outage ${outageMs} ms, redundant after ${redundantMs} ms, ${acknowledged} writes`;
  return result.kind === 'passed' ? `passed: ${figures}` : `FAILED: ${result.complaints.join('; ')} (${figures})`;
}

const replayCommand = ({ fault, mode, members, seed }: Planned): string =>
  `npm run chaos -- --fault ${fault.name} --mode ${mode} --members ${members} --seed ${seed}`;
