/** Takes a diverged data directory back to the fork, as a new copy. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CopyId } from '../../core/units.ts';
import type { Upstream } from '../../ports/postgres.ts';
import { howItEnded, mustRun } from './child-process.ts';
import type { Progress } from './clone.ts';
import { conninfo, dialing } from './conninfo.ts';
import { type Divergence, restoreOwnFiles, saveDiverged } from './diverged.ts';
import { processesIn } from '../data-dir-processes.ts';
import { dropDeadLocks } from '../dead-locks.ts';
import { removeDurably } from '../durable-file.ts';
import { OperationFailure } from './failure.ts';
import type { Instance } from './instance.ts';
import { markUnstartable, promoteFile, standbySignalFile, unmarkUnstartable, writeCopy } from './marks.ts';
import { writeStandbyFiles } from './prepare.ts';

/**
 * Where what diverged is kept. Throws OperationFailure; the mark of an unstartable directory then stays. pg_rewind
 * removes standby.signal with every other file that the leader does not have: between it and the end of this, the
 * directory would start as a primary.
 */
export async function rewind(
  instance: Instance,
  leader: Upstream,
  divergence: Divergence,
  copyId: CopyId,
  signal: AbortSignal,
  progress: Progress,
): Promise<string> {
  const { dataDir, options } = instance;
  progress('saving what a rewind would destroy');
  const saved = await saveDiverged(instance, divergence);
  options.log.info(`what diverged here is saved in ${saved}`);
  await markUnstartable(dataDir, `a rewind to ${leader.member} did not end`);
  await removeDurably(join(dataDir, standbySignalFile)); // the target's crash recovery refuses to run with it
  // The same recovery takes a postmaster that is dead and not reaped, or a stranger with its number, for a living one.
  dropDeadLocks(dataDir, processesIn(dataDir));
  progress(`rewinding to ${leader.member}`);
  await runRewind(instance, leader, signal);
  await restoreOwnFiles(saved, dataDir);
  await rm(join(dataDir, promoteFile), { force: true });
  await writeCopy(dataDir, options.member, copyId);
  await writeStandbyFiles(instance, dataDir, leader);
  await unmarkUnstartable(dataDir);
  return saved;
}

async function runRewind(instance: Instance, leader: Upstream, signal: AbortSignal): Promise<void> {
  const { options, dataDir } = instance;
  const source = conninfo({
    ...dialing(leader),
    user: options.superuser.username,
    dbname: 'postgres',
    application_name: 'baton-rewind',
  });
  const binary = instance.program('pg_rewind');
  const ended = await mustRun({
    binary,
    args: ['-D', dataDir, `--source-server=${source}`],
    env: { PGPASSFILE: await instance.freshPassFile() },
    signal,
  });
  // It compares timeline numbers and positions alone. Here it is known that the data diverged.
  if (/no rewind required/.test(ended.stdout + ended.stderr))
    throw new OperationFailure(`${howItEnded(binary, ended)}, although the data diverged`, true);
}
