/** The process that postmaster.pid names, told from another one with the same number. */
import { readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere } from '../durable-file.ts';
import { hasCode } from '../system-error.ts';
import { OperationFailure } from './failure.ts';

/** Its process id; null when no server runs in the directory. */
export async function postmasterOf(dataDir: string): Promise<number | null> {
  const first = (await readIfThere(join(dataDir, 'postmaster.pid')))?.split('\n')[0];
  const pid = Number(first);
  if (first === undefined || !Number.isSafeInteger(pid) || pid <= 1) return null;
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(dataDir)) ? pid : null;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'EPERM')) return null;
    throw error;
  }
}

export async function mustBeDown(dataDir: string): Promise<void> {
  const pid = await postmasterOf(dataDir);
  if (pid !== null)
    throw new OperationFailure(`a PostgreSQL runs in ${dataDir} (process ${pid}): it must be stopped first`, true);
}
