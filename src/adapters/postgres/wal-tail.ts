/** What a data directory at rest has beyond a fork. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { formatLsn, type Lsn, parseLsn, type Timeline } from '../../core/units.ts';
import { runProgram } from './child-process.ts';
import { hasCode } from '../system-error.ts';
import type { Instance } from './instance.ts';
import { segmentName, walDirectory, walSegments } from './wal-files.ts';

export interface WalTail {
  readonly beyondFork: 'nothing' | 'records' | 'unknown';
  /** Where the valid records end, as far as known. */
  readonly endLsn: Lsn | null;
}

/**
 * Reads the WAL of `timeline` from a position to its end. pg_waldump waits five seconds for a segment that is missing, so
 * it is told where the segments end. Throws OperationFailure when it cannot be run.
 */
export async function readTail(
  instance: Instance,
  timeline: Timeline,
  from: Lsn,
  segmentBytes: number,
  signal: AbortSignal,
): Promise<WalTail> {
  const { dataDir } = instance;
  const segmentsEnd = await endOfSegments(dataDir, timeline, from, segmentBytes);
  if (segmentsEnd === null) {
    // At the start of a segment nothing has been written yet; in the middle of one, something is lost.
    return from % BigInt(segmentBytes) === 0n ? nothingAfter(from) : { beyondFork: 'unknown', endLsn: null };
  }
  const range = ['-t', String(timeline), '-s', formatLsn(from), '-e', formatLsn(segmentsEnd)];
  const args = ['--quiet', '-p', walDirectory(dataDir), ...range];
  const { code, stderr } = await runProgram({ binary: instance.program('pg_waldump'), args, signal });
  if (stderr.includes('could not find a valid record after')) return nothingAfter(from);
  if (code === 0) return { beyondFork: 'records', endLsn: segmentsEnd };
  const end = /error in WAL record at [0-9A-F/]+: .* at ([0-9A-F]+\/[0-9A-F]+)/.exec(stderr)?.[1];
  return end === undefined ? { beyondFork: 'unknown', endLsn: null } : { beyondFork: 'records', endLsn: parseLsn(end) };
}

const nothingAfter = (position: Lsn): WalTail => ({ beyondFork: 'nothing', endLsn: position });

/** Where the first missing segment would begin; null when the one that holds `from` is missing. */
async function endOfSegments(
  dataDir: string,
  timeline: Timeline,
  from: Lsn,
  segmentBytes: number,
): Promise<Lsn | null> {
  const there = new Set(
    (await walSegments(dataDir, segmentBytes)).flatMap((each) => (each.timeline === timeline ? [each.startLsn] : [])),
  );
  const first = from - (from % BigInt(segmentBytes));
  let end = first;
  while (there.has(end as Lsn)) end += BigInt(segmentBytes);
  return end === first ? null : (end as Lsn);
}

/** Bytes of our own WAL; null when they are not there. */
export async function walBytesHere(
  dataDir: string,
  timeline: Timeline,
  position: Lsn,
  segmentBytes: number,
  length: number,
): Promise<Buffer | null> {
  try {
    const file = await open(join(walDirectory(dataDir), segmentName(timeline, position, segmentBytes)), 'r');
    try {
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await file.read(buffer, 0, length, Number(position % BigInt(segmentBytes)));
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}
