/**
 * What killed postmasters left in the kernel. A postmaster that starts in the same data directory takes its segments
 * over; when the directory is gone nobody does, and a machine has room for 4096 of them (SHMMNI) until it is booted.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** sizeof(PGShmemHeader): since PostgreSQL 9.3 the System V segment holds no more, being only there to be counted. */
const headerBytes = 56;
const segmentTable = '/proc/sysvipc/shm';
const sharedDirectory = '/dev/shm';
const removedAtOnceMax = 200;

/** Never takes what is in use: nobody is attached, and its postmaster, or any postmaster of its user, is no more. */
export function removeDeadSharedMemory(): void {
  const files = sharedFiles();
  const segments = deadSegments(readFileSync(segmentTable, 'utf8'), (pid) => nameOf(pid) !== null);
  for (let from = 0; from < segments.length; from += removedAtOnceMax) {
    const ids = segments.slice(from, from + removedAtOnceMax).flatMap((id) => ['-m', String(id)]);
    try {
      execFileSync('ipcrm', ids, { stdio: 'ignore' });
    } catch {
      // Another sweep was faster, or they are another user's.
    }
  }
  const serving = usersWithPostgres();
  for (const { file, uid } of files) {
    if (!serving.has(uid) && mayRemove(uid)) rmSync(file, { force: true });
  }
}

/** Ids of the PostgreSQL segments in the text of /proc/sysvipc/shm that nobody is attached to and whose maker is dead. */
export function deadSegments(table: string, alive: (pid: number) => boolean): readonly number[] {
  const [head = '', ...rows] = table.trim().split('\n');
  const columns = head.trim().split(/\s+/);
  return rows
    .map((row) =>
      Object.fromEntries(
        row
          .trim()
          .split(/\s+/)
          .map((cell, at) => [columns[at], Number(cell)]),
      ),
    )
    .filter(({ size, nattch, cpid }) => size === headerBytes && nattch === 0 && cpid !== 0 && !alive(cpid ?? 0))
    .flatMap(({ shmid }) => shmid ?? []);
}

/** Dynamic segments, named by PostgreSQL at random: only with no postmaster of the user left is one surely unused. */
function sharedFiles(): readonly { readonly file: string; readonly uid: number }[] {
  return readdirSync(sharedDirectory)
    .filter((name) => name.startsWith('PostgreSQL.'))
    .flatMap((name) => {
      const file = join(sharedDirectory, name);
      const uid = statSync(file, { throwIfNoEntry: false })?.uid;
      return uid === undefined ? [] : [{ file, uid }];
    });
}

function usersWithPostgres(): ReadonlySet<number> {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return new Set(
    pids
      .filter((pid) => nameOf(Number(pid)) === 'postgres')
      .flatMap((pid) => statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid ?? []),
  );
}

const mayRemove = (uid: number): boolean => process.getuid?.() === 0 || process.getuid?.() === uid;

function nameOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return null;
  }
}
