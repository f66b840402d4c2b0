/** Timeline histories on disk: put where a promotion looks for them, and read back after it (I9). */
import { join } from 'node:path';
import { historyFileName, parseHistory } from '../../core/timeline-history.ts';
import type { HistoryRow } from '../../core/cluster.ts';
import type { Lsn, Ms, Timeline } from '../../core/units.ts';
import { readIfThere, writeDurably } from '../durable-file.ts';
import { OperationFailure } from './failure.ts';
import type { Instance } from './instance.ts';
import { only, text } from './row.ts';
import { walDirectory } from './wal-files.ts';

const readLimitMs: Ms = 2_000;

/**
 * Puts the history file of every timeline that the cluster has used into pg_wal, so that PostgreSQL takes none of their
 * numbers again. Throws OperationFailure when a file is there and tells another history.
 */
export async function placeHistories(dataDir: string, rows: readonly HistoryRow[]): Promise<void> {
  for (const row of rows) if (row.historyFile !== '') await place(dataDir, row.newTimeline, row.historyFile);
}

async function place(dataDir: string, timeline: Timeline, content: string): Promise<void> {
  const path = join(walDirectory(dataDir), historyFileName(timeline));
  const there = await readIfThere(path);
  if (there === null) return writeDurably(path, content);
  if (!sameHistory(there, content)) {
    throw new OperationFailure(
      `${path} tells another history than the cluster's history key: this member must be rejoined, not promoted`,
      false,
    );
  }
}

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
  const timeline = Number(`0x${text(row, 'file').slice(0, 8)}`) as Timeline;
  if (timeline === 1) return null;
  const path = join(walDirectory(instance.dataDir), historyFileName(timeline));
  const file = await readIfThere(path);
  const last = file === null ? undefined : parseHistory(file).at(-1);
  if (file === null || last === undefined) throw new OperationFailure(`${path} is missing or empty`, true);
  return { timeline, parent: last.timeline, forkLsn: last.endLsn, file };
}
