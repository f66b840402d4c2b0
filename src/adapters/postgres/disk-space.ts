/** A full disk, said in plain words: PostgreSQL's programs say it in many, or only that they could not write. */
import { statfs } from 'node:fs/promises';
import { MiB } from '../../core/units.ts';
import { isSystemError } from '../system-error.ts';
import { OperationFailure } from './failure.ts';

/** Less than this after a failure: the new copy did not fit. initdb alone writes about 40 MiB. */
const scarceBytes = 32 * MiB;

/**
 * What is thrown for `thrown` when a copy was being made below `directory`. Asked while the half-made copy is still there
 * (`--no-clean`): once it is removed there is room again.
 */
export async function orDiskFull(thrown: unknown, directory: string): Promise<unknown> {
  if (!(thrown instanceof OperationFailure) && !isSystemError(thrown)) return thrown;
  const disk = await statfs(directory).catch(() => null);
  if (disk === null || disk.bavail * disk.bsize >= scarceBytes) return thrown;
  const left = (disk.bavail * disk.bsize) / MiB;
  const size = (disk.blocks * disk.bsize) / MiB;
  return new OperationFailure(
    `the disk of ${directory} is full (${left.toFixed(1)} of ${Math.round(size)} MiB left): make room. ${thrown.message}`,
    true,
  );
}
