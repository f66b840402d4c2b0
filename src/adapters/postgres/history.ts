/** Timeline histories on disk: put where a promotion looks for them, and read back after it (I9). */
import { join } from 'node:path';
import { historyFileName, parseHistory } from '../../core/timeline-history.ts';
import { type Lsn, type Ms, type Timeline, timeline } from '../../core/units.ts';
import type { NextTimeline } from '../../ports/postgres.ts';
import { readIfThere, removeDurably, writeDurably } from '../durable-file.ts';
import { OperationFailure, TimelineBegun } from './failure.ts';
import type { Instance } from './instance.ts';
import { only, text } from './row.ts';
import { historyFiles, newestWalTimeline, walDirectory } from './wal-files.ts';

const readLimitMs: Ms = 2_000;

/** What stands in for the history of a promotion that nobody told of. No standby is ever before that position. */
const untold = '1\t0/1000000\ta promotion of this number may have begun elsewhere\n';

/**
 * Makes PostgreSQL take `next.timeline`, for it takes the next number that pg_wal has no history of: every timeline that
 * the cluster has used gets its history file, every other number below a stand-in. Throws OperationFailure when a file
 * is there and tells another history, and when `next.timeline` was begun here.
 */
export async function placeHistories(dataDir: string, next: NextTimeline): Promise<void> {
  const [there, own] = [await historyFiles(dataDir), await newestWalTimeline(dataDir)];
  if (there.has(next.timeline)) {
    throw new TimelineBegun(
      `timeline ${next.timeline} was begun in ${dataDir} already, by a promotion that did not end: another number is reserved`,
    );
  }
  const told = new Map(
    next.rows.filter((row) => row.historyFile !== '').map((row) => [row.newTimeline, row.historyFile]),
  );
  for (const [number, content] of told) await place(dataDir, number, content, there.has(number));
  for (let number = own + 1; number < next.timeline; number += 1) {
    const path = historyPath(dataDir, timeline(number));
    if (!told.has(timeline(number)) && !there.has(number)) await writeDurably(path, untold);
  }
}

/**
 * Before a start as a standby at `lsn` of `own`: what is newer, and left this timeline before there, was put here for a
 * promotion that was not to be. PostgreSQL would take its number for the newest, and refuse to start.
 */
export async function removeForeignHistories(dataDir: string, own: Timeline, at: Lsn): Promise<void> {
  for (const number of await historyFiles(dataDir)) {
    if (number <= own) continue;
    const path = historyPath(dataDir, timeline(number));
    const left = parseHistory((await readIfThere(path)) ?? '').find((line) => line.timeline === own);
    if (left === undefined || left.endLsn < at) await removeDurably(path);
  }
}

async function place(dataDir: string, number: Timeline, content: string, isThere: boolean): Promise<void> {
  const path = historyPath(dataDir, number);
  const there = isThere ? await readIfThere(path) : null;
  if (there === null || there === untold) return writeDurably(path, content);
  if (!sameHistory(there, content)) {
    throw new OperationFailure(
      `${path} tells another history than the cluster's history key: this member must be rejoined, not promoted`,
      false,
    );
  }
}

const historyPath = (dataDir: string, number: Timeline): string => join(walDirectory(dataDir), historyFileName(number));

/** By what it says; the reason that PostgreSQL adds to each line is a remark. */
const sameHistory = (one: string, other: string): boolean => {
  const said = (file: string) => parseHistory(file).map((line) => `${line.timeline}@${line.endLsn}`);
  return said(one).join() === said(other).join();
};

export interface OwnHistory {
  readonly timeline: Timeline;
  readonly parent: Timeline;
  readonly forkLsn: Lsn;
  readonly file: string;
}

/** Null on timeline 1. Throws OperationFailure or SessionFailure. */
export async function ownHistory(instance: Instance): Promise<OwnHistory | null> {
  const row = await instance.control.use(readLimitMs, async (talk, leftMs) =>
    only(await talk.run('SELECT pg_walfile_name(pg_current_wal_insert_lsn()) AS file', leftMs())),
  );
  const number = timeline(Number(`0x${text(row, 'file').slice(0, 8)}`));
  if (number === 1) return null;
  const path = historyPath(instance.dataDir, number);
  const file = await readIfThere(path);
  const last = file === null ? undefined : parseHistory(file).at(-1);
  if (file === null || last === undefined) throw new OperationFailure(`${path} is missing or empty`, true);
  return { timeline: number, parent: last.timeline, forkLsn: last.endLsn, file };
}
