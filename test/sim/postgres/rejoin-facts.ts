/** What the production's rules about timelines ask of a data directory, answered from the simulated disks. */
import type { HistoryRow } from '../../../src/core/cluster.ts';
import { planRejoin, type RejoinPlan } from '../../../src/core/rejoin-plan.ts';
import { type Branch, type Fork, findFork, parseHistory } from '../../../src/core/timeline-history.ts';
import type { NextTimeline } from '../../../src/ports/postgres.ts';
import { timeline } from '../../../src/core/units.ts';
import { countAt, type SimDirectory } from './directory.ts';

export function planFor(
  own: SimDirectory,
  leader: SimDirectory,
  rows: readonly HistoryRow[],
): { readonly plan: RejoinPlan; readonly fork: Fork | null } {
  const [mine, theirs] = [branchOf(own), branchOf(leader)];
  const fork = mine === null || theirs === null ? null : findFork(mine, theirs);
  const { systemIdentifier, standbySignal, lsn, clusterState, unstartable } = own.describe();
  const beyond = fork?.forkLsn != null && fork.ownIsThere && own.records.length > countAt(fork.forkLsn);
  const plan = planRejoin({
    own: {
      systemIdentifier,
      branch: mine,
      timeline: timeline(own.timeline),
      lsn,
      standbySignal,
      rewindable: true,
      unstartable,
      wasPrimary: clusterState !== 'shut down in recovery' && clusterState !== 'in archive recovery',
    },
    leader: {
      systemIdentifier: leader.systemIdentifier,
      branch: theirs,
      timeline: timeline(leader.timeline),
      inRecovery: leader.state !== 'in production',
      checkpointTimeline: timeline(leader.checkpoint.timeline),
    },
    rows,
    nextWal: own.records.length >= leader.walFrom ? 'there' : 'gone',
    beyondFork: fork?.forkLsn != null && fork.ownIsThere ? (beyond ? 'records' : 'nothing') : 'unknown',
    firstRecord: fork === null ? 'unknown' : sameFirstRecord(own, leader, fork.timeline),
  });
  return { plan, fork };
}

/** What stands in for the history of a promotion that nobody told of. */
const untold = '1\t0/1000000\tuntold\n';

/** As the production does: every timeline that the cluster has used gets its history file; null, or what contradicts. */
export function placeHistories(dir: SimDirectory, { timeline: made, rows }: NextTimeline): string | null {
  for (const { newTimeline, historyFile } of rows) {
    const there = dir.histories.get(newTimeline);
    if (there !== undefined && there !== untold && !sameHistory(there, historyFile))
      return `timeline ${newTimeline} has another history here than in the history key`;
    dir.histories.set(newTimeline, historyFile);
  }
  for (let number = dir.timeline + 1; number < made; number += 1)
    if (!dir.histories.has(number)) dir.histories.set(number, untold);
  return null;
}

const sameHistory = (one: string, other: string): boolean => {
  const said = (file: string) => parseHistory(file).map((line) => `${line.timeline}@${line.endLsn}`);
  return said(one).join() === said(other).join();
};

function branchOf(dir: SimDirectory): Branch | null {
  const file = dir.histories.get(dir.timeline);
  if (file === undefined && dir.timeline > 1) return null;
  return { timeline: timeline(dir.timeline), ancestors: parseHistory(file ?? '') };
}

function sameFirstRecord(own: SimDirectory, leader: SimDirectory, number: number): 'same' | 'different' | 'unknown' {
  if (number === 1) return 'same';
  const first = (dir: SimDirectory) => dir.records.find((record) => record.timeline === number);
  const [mine, theirs] = [first(own), first(leader)];
  if (mine === undefined || theirs === undefined) return 'unknown';
  return mine === theirs ? 'same' : 'different';
}
