/** What a data directory at rest has beyond a fork. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { formatLsn, type Lsn, parseLsn, type Timeline } from '../../core/units.ts';
import { runProgram } from './child-process.ts';
import { hasCode } from './failure.ts';
import type { Instance } from './instance.ts';
import { segmentName, walDirectory } from './wal-files.ts';

export interface WalTail {
  readonly beyondFork: 'nothing' | 'records' | 'unknown';
  /** Where the valid records end, as far as known. */
  readonly endLsn: Lsn | null;
}

/** Reads the WAL of `timeline` from the fork to its end. Throws OperationFailure when pg_waldump cannot be run. */
export async function readTail(
  instance: Instance,
  timeline: Timeline,
  forkLsn: Lsn,
  signal: AbortSignal,
): Promise<WalTail> {
  const args = ['--quiet', '-p', walDirectory(instance.dataDir), '-t', String(timeline), '-s', formatLsn(forkLsn)];
  const { stderr } = await runProgram({ binary: instance.program('pg_waldump'), args, signal });
  if (stderr.includes('could not find a valid record after')) return { beyondFork: 'nothing', endLsn: forkLsn };
  const end = /error in WAL record at [0-9A-F/]+: .* at ([0-9A-F]+\/[0-9A-F]+)/.exec(stderr)?.[1];
  return end === undefined ? { beyondFork: 'unknown', endLsn: null } : { beyondFork: 'records', endLsn: parseLsn(end) };
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
