/** Repeats faults on one cluster for as long as it heals, and on a fresh one after a round that failed. */
import type { Fault } from '../rig/faults.ts';
import { startRedundantRig } from '../rig/redundant-rig.ts';
import type { Rig, RigOptions } from '../rig/rig.ts';
import { playRound, type Round, verifyAgain } from '../rig/round.ts';
import { type RoundRecord, recordOf } from './account.ts';

export interface Plan {
  readonly faults: readonly Fault[];
  readonly runs: number;
  readonly writers: number;
  readonly mode: NonNullable<RigOptions['mode']>;
  readonly keepDirectory: boolean;
}

export interface Repeated {
  readonly records: readonly RoundRecord[];
  /** Acknowledged rows that were there after their own round and were gone at the end. */
  readonly missingLater: number;
}

/** More failed rounds than this, and the bench gives up: there is nothing to measure. */
const failedMax = 3;
/** So that automation is not held after the third failover, as it would be in production. */
const budgets = { cooldown: '999 in 1h', crashBudget: '999 in 10m' };

export async function repeat(plan: Plan, say: (text: string) => void): Promise<Repeated> {
  const records: RoundRecord[] = [];
  const startFresh = () =>
    startRedundantRig(
      {
        members: ['a', 'b'],
        etcdMembers: 3,
        mode: plan.mode,
        shared: { failover: budgets },
        keepDirectory: plan.keepDirectory,
      },
      say,
    );
  let rig = await startFresh();
  let rounds: Round[] = [];
  let missingLater = 0;
  try {
    for (const { fault, run } of order(plan)) {
      const title = run === 0 ? 'warm-up' : `${run} of ${plan.runs}`;
      try {
        const round = await playRound(rig, fault, {
          writers: plan.writers,
          writesNeedStandby: plan.mode === 'strict',
          say: (text) => say(`${fault.name} ${title}: ${text}`),
        });
        for (const doubt of round.doubts) say(`${fault.name} ${title}: NOTE ${doubt}`);
        rounds.push(round);
        if (run > 0) records.push(recordOf(round));
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error);
        say(`${fault.name} ${title}: FAILED: ${problem}`);
        records.push({ kind: 'failed', fault: fault.name, problem: problem.split('\n', 1)[0] ?? '' });
        if (records.filter(({ kind }) => kind === 'failed').length > failedMax) break;
        await rig.stopAll();
        rounds = [];
        rig = await startFresh();
      }
    }
    missingLater = await missingNow(rig, rounds);
    return { records, missingLater };
  } finally {
    await rig.stopAll();
    if (plan.keepDirectory) say(`the files are in ${rig.directory}`);
  }
}

/** Each fault is done once without being counted first: programs are compiled and files cached then. */
function* order({ faults, runs }: Plan): Generator<{ readonly fault: Fault; readonly run: number }> {
  for (const fault of faults) for (let run = 0; run <= runs; run++) yield { fault, run };
}

async function missingNow(rig: Rig, rounds: readonly Round[]): Promise<number> {
  const before = rounds.reduce((sum, { verdict }) => sum + verdict.missing, 0) * rig.members.size;
  const now = (await verifyAgain(rig, rounds)).reduce((sum, { missing }) => sum + missing, 0);
  return Math.max(0, now - before);
}
