/** Which files a ledger is, in the order of its chain. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { chainOrder } from '../../core/ledger-segments.ts';
import { hasCode } from '../system-error.ts';

/** Beyond so many, somebody renames faster than one can read. */
const attemptsMax = 5;

/**
 * Of a directory all of them, of a file itself. A daemon may close or drop segments while they are read: then they are
 * read again, so that no entry is seen twice or missed. Rejects when there is no ledger, or it cannot be read.
 */
export async function withLedgerFiles<T>(path: string, read: (files: readonly string[]) => Promise<T>): Promise<T> {
  if (!(await stat(path)).isDirectory()) return read([path]);
  for (let attempt = 1; ; attempt += 1) {
    const names = await namesIn(path);
    if (names.length === 0) throw new Error(`${path}: no ledger is in it`);
    const found = await read(names.map((name) => join(path, name))).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT') && attempt < attemptsMax) return null;
      throw error;
    });
    const same = (await namesIn(path)).join() === names.join();
    if (found !== null && same) return found;
    if (attempt === attemptsMax) throw new Error(`${path}: its files changed whenever they were read`);
  }
}

export const namesIn = async (directory: string): Promise<readonly string[]> => chainOrder(await readdir(directory));
