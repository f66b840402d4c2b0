/**
 * Directories beside the data directory: what is being made, and what was replaced. A new directory gets its final name
 * only when it is complete; the one it replaces keeps its content under another name.
 */
import { randomBytes } from 'node:crypto';
import { readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { WallMs } from '../../core/units.ts';
import { syncDirectory } from '../durable-file.ts';
import { hasCode } from '../system-error.ts';
import { OperationFailure } from './failure.ts';

export type Making = 'clone' | 'initdb';

export const newDirectoryBeside = (dataDir: string, making: Making): string =>
  `${dataDir}.${making}-${randomBytes(4).toString('hex')}`;

/** What interrupted attempts of Baton's own left; nobody else's directory has such a name. */
export async function removeLeftovers(dataDir: string, making: Making): Promise<void> {
  const pattern = new RegExp(`^\\.${making}-[0-9a-f]{8}(\\.password)?$`);
  for (const name of await siblings(dataDir)) {
    if (pattern.test(name.slice(basename(dataDir).length)))
      await rm(join(dirname(dataDir), name), { recursive: true, force: true });
  }
}

/** Puts a complete directory in the place of the data directory, which must hold nothing yet. */
export async function moveIn(complete: string, dataDir: string): Promise<void> {
  await rmdir(dataDir).catch((error: unknown) => {
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST'))
      throw new OperationFailure(`${dataDir} is not empty: it is left as it is`, false);
    if (!hasCode(error, 'ENOENT')) throw error;
  });
  await rename(complete, dataDir);
  await syncDirectory(dirname(dataDir));
}

/** The same, but what is there is kept as `<dataDir>.old-<time>`, the newest one only. Its path, if there was one. */
export async function moveInFor(complete: string, dataDir: string, wall: WallMs): Promise<string | null> {
  const old = `${dataDir}.old-${new Date(wall).toISOString().replaceAll(':', '')}`;
  let moved = true;
  try {
    await rename(dataDir, old);
  } catch (error) {
    if (hasCode(error, 'EBUSY', 'EXDEV'))
      throw new OperationFailure(`${dataDir} cannot be replaced: it is a mount point. Use a directory in it`, false);
    if (!hasCode(error, 'ENOENT')) throw error;
    moved = false;
  }
  try {
    await rename(complete, dataDir);
  } catch (error) {
    if (moved) await rename(old, dataDir);
    throw error;
  }
  await syncDirectory(dirname(dataDir));
  await keepNewestOld(dataDir);
  return moved ? old : null;
}

async function keepNewestOld(dataDir: string): Promise<void> {
  const prefix = `${basename(dataDir)}.old-`;
  const old = (await siblings(dataDir)).filter((name) => name.startsWith(prefix)).toSorted();
  for (const name of old.slice(0, -1)) await rm(join(dirname(dataDir), name), { recursive: true, force: true });
}

async function siblings(dataDir: string): Promise<readonly string[]> {
  return (await readdir(dirname(dataDir))).filter((name) => name.startsWith(`${basename(dataDir)}.`));
}
