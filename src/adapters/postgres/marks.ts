/**
 * The small files by which Baton knows a data directory.
 *
 * `PGDATA/baton.copy` names the copy. The mark of an interrupted rewind lies in the data directory, where the guardian
 * looks, and once more beside it: pg_rewind removes every file that the source does not have, the inner mark too.
 */
import { join } from 'node:path';
import type { CopyId, MemberName } from '../../core/units.ts';
import { readIfThere, removeDurably, writeDurably } from '../durable-file.ts';

const copyFile = 'baton.copy';
const unstartableFile = 'baton.unstartable';
export const standbySignalFile = 'standby.signal';
export const promoteFile = 'promote';

export const writeCopy = (dataDir: string, member: MemberName, copyId: CopyId): Promise<void> =>
  writeDurably(join(dataDir, copyFile), `${JSON.stringify({ member, copyId })}\n`);

/** Null when there is none, or it names another member: a copy of somebody's directory is no copy that anybody knows. */
export async function readCopy(dataDir: string, member: MemberName): Promise<CopyId | null> {
  return copyIn(await readIfThere(copyPath(dataDir)), member);
}

const copyPath = (dataDir: string): string => join(dataDir, copyFile);

/** The file, and what its content means to `member`. */
export const copyParser = (member: MemberName) =>
  [copyFile, (content: string | null) => copyIn(content, member)] as const;

const copyIn = (content: string | null, member: MemberName): CopyId | null =>
  content === null ? null : parseCopy(content, member);

/** The content of that file, wherever it was read. */
export function parseCopy(content: string, member: MemberName): CopyId | null {
  try {
    const { member: of, copyId } = JSON.parse(content) as { member?: unknown; copyId?: unknown };
    return of === member && typeof copyId === 'string' && /^[0-9a-z]{1,32}$/.test(copyId) ? (copyId as CopyId) : null;
  } catch {
    return null;
  }
}

const besideMark = (dataDir: string): string => `${dataDir}.unstartable`;

export async function markUnstartable(dataDir: string, why: string): Promise<void> {
  await writeDurably(besideMark(dataDir), `${why}\n`);
  await writeDurably(join(dataDir, unstartableFile), `${why}\n`);
}

/** Only once everything that a start needs is durable. */
export async function unmarkUnstartable(dataDir: string): Promise<void> {
  await removeDurably(join(dataDir, unstartableFile));
  await removeDurably(besideMark(dataDir));
}

/** Why the directory must not be started; null when it may. */
export async function readUnstartable(dataDir: string): Promise<string | null> {
  const mark = (await readIfThere(join(dataDir, unstartableFile))) ?? (await readIfThere(besideMark(dataDir)));
  if (mark === null) return null;
  return mark.trim() === '' ? 'a rewind or clone was interrupted' : mark.trim();
}
