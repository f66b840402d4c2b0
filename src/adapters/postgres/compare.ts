/** Gathers what a rejoin is planned on: our data at rest, and the leader's PostgreSQL. */
import { join } from 'node:path';
import type { HistoryRow } from '../../core/cluster.ts';
import { planRejoin, type RejoinFacts, type RejoinPlan } from '../../core/rejoin-plan.ts';
import { type Fork, findFork } from '../../core/timeline-history.ts';
import type { Lsn } from '../../core/units.ts';
import type { Upstream } from '../../ports/postgres.ts';
import type { ControlData } from './control-data.ts';
import type { Divergence } from './diverged.ts';
import { readIfThere } from '../durable-file.ts';
import { sameFirstRecord } from './first-record.ts';
import { furthest, readControlData, timelineAtRest } from './inspect.ts';
import type { Instance } from './instance.ts';
import { askLeader, hasWalAfter, leaderFacts } from './leader.ts';
import { readUnstartable, standbySignalFile } from './marks.ts';
import type { Session } from './session.ts';
import { readBranch } from './wal-files.ts';
import { readTail, type WalTail } from './wal-tail.ts';

/** Our side: at rest it does not change, and is read once. */
export interface OwnSide {
  readonly control: ControlData;
  readonly facts: RejoinFacts['own'];
  /** From a position on; reading it may take a while, so what was read is kept. */
  tail(timeline: Fork['timeline'], from: Lsn): Promise<WalTail>;
}

const recoveryStates: readonly ControlData['clusterState'][] = ['shut down in recovery', 'in archive recovery'];

export async function examineOwn(instance: Instance, signal: AbortSignal): Promise<OwnSide> {
  const { dataDir } = instance;
  const control = await readControlData(instance, dataDir, signal);
  const timeline = await timelineAtRest(control, dataDir);
  const read = new Map<string, WalTail>();
  return {
    control,
    facts: {
      systemIdentifier: control.systemIdentifier,
      branch: await readBranch(dataDir, timeline),
      timeline,
      lsn: furthest(control),
      wasPrimary: !recoveryStates.includes(control.clusterState),
      standbySignal: (await readIfThere(join(dataDir, standbySignalFile))) !== null,
      rewindable: control.rewindable,
      unstartable: await readUnstartable(dataDir),
    },
    async tail(of, from) {
      const key = `${of}@${from}`;
      const known = read.get(key) ?? (await readTail(instance, of, from, control.walSegmentBytes, signal));
      read.set(key, known);
      return known;
    },
  };
}

export interface Comparison {
  readonly plan: RejoinPlan;
  /** What a rewind would undo; null when the two have no fork. */
  readonly divergence: Divergence | null;
}

export async function compare(
  instance: Instance,
  own: OwnSide,
  leader: Upstream,
  rows: readonly HistoryRow[],
  signal: AbortSignal,
): Promise<Comparison> {
  const { dataDir } = instance;
  const { branch, timeline } = own.facts;
  const segmentBytes = own.control.walSegmentBytes;
  return askLeader(instance, leader, signal, async (session) => {
    const there = await leaderFacts(session, signal);
    const fork = branch === null || there.branch === null ? null : findFork(branch, there.branch);
    const tail = await tailBeyond(own, fork);
    const plan = planRejoin({
      own: own.facts,
      leader: there,
      rows,
      beyondFork: tail.beyondFork,
      firstRecord: await sameFirstRecord({ session, dataDir, branch, fork, segmentBytes }, signal),
      nextWal: await nextWal(instance, own, session, signal),
    });
    if (fork === null || fork.forkLsn === null) return { plan, divergence: null };
    const { timeline: forkTimeline, forkLsn } = fork;
    return { plan, divergence: { timeline, forkTimeline, forkLsn, endLsn: tail.endLsn, segmentBytes } };
  });
}

/** A timeline that neither has left has nothing beyond; one that we have left has been found to diverge already. */
async function tailBeyond(own: OwnSide, fork: Fork | null): Promise<WalTail> {
  if (fork === null || fork.forkLsn === null || !fork.ownIsThere) return { beyondFork: 'unknown', endLsn: null };
  return own.tail(fork.timeline, fork.forkLsn);
}

/** A standby asks for the segment in which its own WAL ends. With an archive, what the leader lacks may be there. */
async function nextWal(
  instance: Instance,
  own: OwnSide,
  session: Session,
  signal: AbortSignal,
): Promise<RejoinFacts['nextWal']> {
  const { control, facts } = own;
  if (instance.options.restoreCommand !== undefined || facts.timeline !== control.checkpointTimeline) return 'unknown';
  const { endLsn } = await own.tail(control.checkpointTimeline, control.checkpointLsn);
  if (endLsn === null) return 'unknown';
  return (await hasWalAfter(session, endLsn, control.walSegmentBytes, signal)) ? 'there' : 'gone';
}
