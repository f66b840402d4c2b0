/** PostgreSQL's lock files of a postmaster that is dead, though its pid still exists. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A process that postmaster.pid names, that exists and is none of `living` (what works in the data directory), is a
 * dead postmaster that its new parent has not reaped, or another program with its number. PostgreSQL takes it for a
 * living one and refuses to start for as long as that lasts, so the file is removed, and with it the lock of the
 * socket that it tells of. When there is no such process both stay: PostgreSQL removes them itself, after a look at
 * the shared memory.
 */
export function dropDeadLocks(dataDir: string, living: readonly number[]): void {
  const path = join(dataDir, 'postmaster.pid');
  // Pid, data directory, start time, port, directory of the socket, ...: one per line.
  const [first, , , port, socketDir] = readLines(path);
  const pid = Math.abs(Number.parseInt(first ?? '', 10));
  if (!exists(pid) || living.includes(pid)) return;
  if (port !== undefined && socketDir?.startsWith('/')) {
    const socketLock = join(socketDir, `.s.PGSQL.${port}.lock`);
    if (readLines(socketLock)[0] === first) rmSync(socketLock, { force: true });
  }
  rmSync(path, { force: true });
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}

/** Also of a process that is dead and not reaped; not of another user's, which PostgreSQL does not mind either. */
function exists(pid: number): boolean {
  try {
    return Number.isInteger(pid) && process.kill(pid, 0);
  } catch {
    return false;
  }
}
