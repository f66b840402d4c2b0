/** The files of pg_wal and what their names say. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lsn, Timeline } from '../../core/units.ts';
import { type Branch, historyFileName, parseHistory } from '../../core/timeline-history.ts';
import { readIfThere } from '../durable-file.ts';
import { hasCode } from '../system-error.ts';

export interface WalSegment {
  readonly file: string;
  readonly timeline: Timeline;
  /** Its first position. */
  readonly startLsn: Lsn;
}

export const walDirectory = (dataDir: string): string => join(dataDir, 'pg_wal');

const hex8 = (value: bigint | number): string => value.toString(16).toUpperCase().padStart(8, '0');

/** The file that holds `position` on `timeline`. */
export function segmentName(timeline: Timeline, position: Lsn, segmentBytes: number): string {
  const number = position / BigInt(segmentBytes);
  const perFile = 0x1_0000_0000n / BigInt(segmentBytes);
  return `${hex8(timeline)}${hex8(number / perFile)}${hex8(number % perFile)}`;
}

export async function walSegments(dataDir: string, segmentBytes: number): Promise<readonly WalSegment[]> {
  const perFile = 0x1_0000_0000n / BigInt(segmentBytes);
  return (await walNames(dataDir)).flatMap((file) => {
    const match = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/.exec(file);
    if (match === null) return [];
    const number = BigInt(`0x${match[2]}`) * perFile + BigInt(`0x${match[3]}`);
    return [{ file, timeline: Number(`0x${match[1]}`) as Timeline, startLsn: (number * BigInt(segmentBytes)) as Lsn }];
  });
}

/** The newest timeline of which there is WAL: the control file learns of it only at the next checkpoint. */
export async function newestWalTimeline(dataDir: string): Promise<Timeline> {
  const numbers = (await walNames(dataDir)).map((name) =>
    /^[0-9A-F]{24}$/.test(name) ? Number(`0x${name.slice(0, 8)}`) : 0,
  );
  return Math.max(0, ...numbers) as Timeline;
}

/** The numbers of the timelines that there is a history file of. */
export async function historyFiles(dataDir: string): Promise<ReadonlySet<number>> {
  const numbers = (await walNames(dataDir)).flatMap((name) => /^([0-9A-F]{8})\.history$/.exec(name)?.[1] ?? []);
  return new Set(numbers.map((hex) => Number(`0x${hex}`)));
}

/** Null when the timeline has ancestors and its history file is not there. */
export async function readBranch(dataDir: string, timeline: Timeline): Promise<Branch | null> {
  if (timeline === 1) return { timeline, ancestors: [] };
  const content = await readIfThere(join(walDirectory(dataDir), historyFileName(timeline)));
  return content === null ? null : { timeline, ancestors: parseHistory(content) };
}

async function walNames(dataDir: string): Promise<readonly string[]> {
  try {
    return await readdir(walDirectory(dataDir));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
