/** What a ledger does to its directory. A test lets any of it fail, or be the last thing before a crash. */
import { open, rename, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { removeDurably, syncDirectory } from '../durable-file.ts';
import { hasCode } from '../system-error.ts';

export interface LedgerDisk {
  /** For reading and appending, for its owner only. Made if missing. */
  open(path: string): Promise<FileHandle>;
  /** Rejects when `to` is there. One process at a time. */
  rename(from: string, to: string): Promise<void>;
  /** That it is not there is as good. */
  remove(path: string): Promise<void>;
  syncDirectory(path: string): Promise<void>;
}

export const ledgerDisk: LedgerDisk = {
  open: (path) => open(path, 'a+', 0o600),
  rename: async (from, to) => {
    if (await exists(to)) throw new Error(`${to} is there already`);
    await rename(from, to);
  },
  remove: async (path) => {
    await removeDurably(path);
  },
  syncDirectory,
};

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}
