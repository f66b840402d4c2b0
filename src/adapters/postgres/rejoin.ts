/** A stopped data directory becomes fit to follow the leader. The plan is made by core/rejoin-plan. */
import type { HistoryRow } from '../../core/cluster.ts';
import { planRejoin, type RejoinFacts, type RejoinPlan } from '../../core/rejoin-plan.ts';
import { absurd } from '../../core/result.ts';
import { type Fork, findFork } from '../../core/timeline-history.ts';
import type { CopyId, Lsn, Ms } from '../../core/units.ts';
import type { Upstream } from '../../ports/postgres.ts';
import { clone, type Progress } from './clone.ts';
import type { ControlData } from './control-data.ts';
import type { Divergence } from './diverged.ts';
import { readIfThere } from './durable-file.ts';
import { OperationFailure } from './failure.ts';
import { sameFirstRecord } from './first-record.ts';
import { furthest, readControlData, timelineAtRest } from './inspect.ts';
import type { Instance } from './instance.ts';
import { askLeader, leaderFacts } from './leader.ts';
import { readUnstartable, standbySignalFile, writeCopy } from './marks.ts';
import { mustBeDown } from './postmaster.ts';
import { writeStandbyFiles } from './prepare.ts';
import { rewind } from './rewind.ts';
import { until } from './until.ts';
import { readBranch } from './wal-files.ts';
import { readTail, type WalTail } from './wal-tail.ts';
import { join } from 'node:path';

/** The leader makes its checkpoint right after its promotion; it is spread only when somebody else asked for it. */
const leaderLimitMs: Ms = 30_000;
const askAgainMs: Ms = 50;

export type Rejoined = 'followed' | 'rewound' | 'cloned';

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
      return 'followed';
    case 'clone':
      return cloneBecause(plan.why);
    case 'rewind':
      if (divergence === null) throw new Error('a rewind without a divergence');
      try {
        await rewind(instance, leader, divergence, copyId, signal, progress);
        return 'rewound';
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
    return 'cloned';
  }
}

async function untilPlanned(
  instance: Instance,
  leader: Upstream,
  rows: readonly HistoryRow[],
  signal: AbortSignal,
  progress: Progress,
): Promise<Examined> {
  let waitingFor = '';
  return until(
    { clock: instance.clock, limitMs: leaderLimitMs, everyMs: askAgainMs, signal },
    async () => {
      const { plan, divergence } = await examine(instance, leader, rows, signal);
      if (plan.kind !== 'wait') return { plan, divergence };
      if (plan.why !== waitingFor) progress(plan.why);
      waitingFor = plan.why;
      return null;
    },
    () => waitingFor,
  );
}

async function examine(
  instance: Instance,
  leader: Upstream,
  rows: readonly HistoryRow[],
  signal: AbortSignal,
): Promise<{ readonly plan: RejoinPlan; readonly divergence: Divergence | null }> {
  const { dataDir } = instance;
  const control = await readControlData(instance, dataDir, signal);
  const timeline = await timelineAtRest(control, dataDir);
  const branch = await readBranch(dataDir, timeline);
  return askLeader(instance, leader, signal, async (session) => {
    const there = await leaderFacts(session, signal);
    const fork = branch === null || there.branch === null ? null : findFork(branch, there.branch);
    const tail = await tailBeyond(instance, fork, signal);
    const facts: RejoinFacts = {
      own: {
        systemIdentifier: control.systemIdentifier,
        branch,
        timeline,
        lsn: furthest(control),
        wasPrimary: !recoveryStates.includes(control.clusterState),
        standbySignal: (await readIfThere(join(dataDir, standbySignalFile))) !== null,
        rewindable: control.rewindable,
        unstartable: await readUnstartable(dataDir),
      },
      leader: there,
      rows,
      beyondFork: tail.beyondFork,
      firstRecord: await sameFirstRecord(
        { session, dataDir, branch, fork, segmentBytes: control.walSegmentBytes },
        signal,
      ),
    };
    const plan = planRejoin(facts);
    if (fork === null || fork.forkLsn === null) return { plan, divergence: null };
    const { walSegmentBytes: segmentBytes } = control;
    return {
      plan,
      divergence: { timeline, forkTimeline: fork.timeline, forkLsn: fork.forkLsn, endLsn: tail.endLsn, segmentBytes },
    };
  });
}

const recoveryStates: readonly ControlData['clusterState'][] = ['shut down in recovery', 'in archive recovery'];

/** A timeline that neither has left has nothing beyond; one that we have left has been found to diverge already. */
async function tailBeyond(instance: Instance, fork: Fork | null, signal: AbortSignal): Promise<WalTail> {
  const known: { readonly forkLsn: Lsn } | null =
    fork?.forkLsn == null || !fork.ownIsThere ? null : { forkLsn: fork.forkLsn };
  if (fork === null || known === null) return { beyondFork: 'unknown', endLsn: null };
  return readTail(instance, fork.timeline, known.forkLsn, signal);
}
