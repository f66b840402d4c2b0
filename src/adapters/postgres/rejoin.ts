/** A stopped data directory becomes fit to follow the leader. The plan is made by core/rejoin-plan. */
import type { HistoryRow } from '../../core/cluster.ts';
import type { RejoinPlan } from '../../core/rejoin-plan.ts';
import { absurd } from '../../core/result.ts';
import type { CopyId, Ms } from '../../core/units.ts';
import type { Rejoined, Upstream } from '../../ports/postgres.ts';
import { clone, type Progress } from './clone.ts';
import { compare, examineOwn } from './compare.ts';
import { describeDivergence, type Divergence } from './diverged.ts';
import { OperationFailure } from './failure.ts';
import type { Instance } from './instance.ts';
import { writeCopy } from './marks.ts';
import { mustBeDown } from './postmaster.ts';
import { writeStandbyFiles } from './prepare.ts';
import { rewind } from './rewind.ts';
import { until } from './until.ts';

/** The leader makes its checkpoint right after its promotion; it is spread only when somebody else asked for it. */
const leaderLimitMs: Ms = 30_000;
const askAgainMs: Ms = 50;

interface Examined {
  readonly plan: Exclude<RejoinPlan, { kind: 'wait' }>;
  readonly divergence: Divergence | null;
}

/** Throws OperationFailure or SessionFailure. */
export async function rejoin(
  instance: Instance,
  leader: Upstream,
  rows: readonly HistoryRow[],
  copyId: CopyId,
  signal: AbortSignal,
  progress: Progress,
): Promise<Rejoined> {
  const { dataDir, options } = instance;
  await mustBeDown(dataDir);
  const { plan, divergence } = await untilPlanned(instance, leader, rows, signal, progress);
  switch (plan.kind) {
    case 'refuse':
      throw new OperationFailure(`${plan.why}. It is left as it is: move ${dataDir} away to have it cloned`, false);
    case 'follow':
      if ((await instance.copyId()) === null) await writeCopy(dataDir, options.member, copyId);
      await writeStandbyFiles(instance, dataDir, leader);
      return { how: 'followed', kept: null };
    case 'clone':
      return cloneBecause(plan.why);
    case 'rewind':
      if (divergence === null) throw new Error('a rewind without a divergence');
      try {
        const kept = await rewind(instance, leader, divergence, copyId, signal, progress);
        return { how: 'rewound', kept: `${describeDivergence(divergence)}, in ${kept}` };
      } catch (failure) {
        if (signal.aborted || !(failure instanceof OperationFailure)) throw failure;
        return cloneBecause(failure.message);
      }
    default:
      return absurd(plan);
  }

  async function cloneBecause(why: string): Promise<Rejoined> {
    options.log.warn(`the data here is replaced by a clone of ${leader.member}'s: ${why}`);
    progress(`cloning from ${leader.member}: ${why}`);
    await clone(instance, leader, copyId, signal, progress);
    return { how: 'cloned', kept: null };
  }
}

async function untilPlanned(
  instance: Instance,
  leader: Upstream,
  rows: readonly HistoryRow[],
  signal: AbortSignal,
  progress: Progress,
): Promise<Examined> {
  const own = await examineOwn(instance, signal);
  let waitingFor = '';
  return until(
    { clock: instance.clock, limitMs: leaderLimitMs, everyMs: askAgainMs, signal },
    async () => {
      const { plan, divergence } = await compare(instance, own, leader, rows, signal);
      if (plan.kind !== 'wait') return { plan, divergence };
      if (plan.why !== waitingFor) progress(plan.why);
      waitingFor = plan.why;
      return null;
    },
    () => waitingFor,
  );
}
