/** A new copy of the leader's data: pg_basebackup beside the data directory, swapped in when it is complete. */
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { slotName } from '../../core/copy-name.ts';
import { KiB, type CopyId } from '../../core/units.ts';
import type { Upstream } from '../../ports/postgres.ts';
import { moveInFor, newDirectoryBeside, removeLeftovers } from './beside.ts';
import { mustRun } from './child-process.ts';
import { conninfo, dialing } from './conninfo.ts';
import { orDiskFull } from './disk-space.ts';
import { readIfThere } from '../durable-file.ts';
import { OperationFailure } from './failure.ts';
import { readControlData } from './inspect.ts';
import type { Instance } from './instance.ts';
import { askLeader, leaderFacts, reserveSlot } from './leader.ts';
import { unmarkUnstartable, writeCopy } from './marks.ts';
import { mustBeDown } from './postmaster.ts';
import { writeStandbyFiles } from './prepare.ts';

export type Progress = (text: string) => void;

/** Throws OperationFailure or SessionFailure. Until the swap the old directory is untouched; after it, it is kept. */
export async function clone(
  instance: Instance,
  from: Upstream,
  copyId: CopyId,
  signal: AbortSignal,
  progress: Progress,
): Promise<void> {
  const { dataDir, options, clock } = instance;
  await mustBeDown(dataDir);
  const slotIsFree = await askLeader(instance, from, signal, async (session) => {
    const leader = await leaderFacts(session, signal);
    await refuseForeign(instance, leader.systemIdentifier, signal);
    return reserveSlot(session, slotName(options.member), signal);
  });
  await removeLeftovers(dataDir, 'clone');
  const directory = newDirectoryBeside(dataDir, 'clone');
  try {
    await baseBackup(instance, from, directory, slotIsFree ? slotName(options.member) : null, signal, progress);
    await writeCopy(directory, options.member, copyId);
    await writeStandbyFiles(instance, directory, from);
    signal.throwIfAborted();
    const old = await moveInFor(directory, dataDir, clock.wall());
    if (old !== null) options.log.info(`the old data directory is kept as ${old}`);
  } catch (thrown) {
    const error = await orDiskFull(thrown, dirname(directory));
    await rm(directory, { recursive: true, force: true });
    if (signal.aborted && !(error instanceof OperationFailure))
      throw new OperationFailure(`aborted: ${String(signal.reason)}`, true);
    throw error;
  }
  await unmarkUnstartable(dataDir);
}

async function baseBackup(
  instance: Instance,
  from: Upstream,
  directory: string,
  slot: string | null,
  signal: AbortSignal,
  progress: Progress,
): Promise<void> {
  const { options } = instance;
  const rate = options.cloneBytesPerSecond;
  const source = conninfo({ ...dialing(from), user: options.replication.username, application_name: 'baton-clone' });
  await mustRun({
    binary: instance.program('pg_basebackup'),
    args: [
      ...[
        '-D',
        directory,
        '-d',
        source,
        '--wal-method=stream',
        '--checkpoint=fast',
        '--no-password',
        '--progress',
        '--no-clean',
      ],
      ...(slot === null ? [] : [`--slot=${slot}`]),
      ...(rate === undefined ? [] : [`--max-rate=${Math.round(rate / KiB)}k`]),
    ],
    env: { PGPASSFILE: await instance.freshPassFile() },
    signal,
    onStderr: (piece) => {
      const parts = /(\d+)\/(\d+) kB \((\d+)%\)/.exec(piece);
      if (parts !== null)
        progress(`copied ${parts[3]}% of ${Math.ceil(Number(parts[2]) / KiB)} MiB from ${from.member}`);
    },
  });
}

/** I10: data of another cluster is never replaced. */
async function refuseForeign(instance: Instance, leaderIdentifier: string, signal: AbortSignal): Promise<void> {
  if ((await readIfThere(join(instance.dataDir, 'PG_VERSION'))) === null) return;
  const own = await readControlData(instance, instance.dataDir, signal);
  if (own.systemIdentifier !== leaderIdentifier) {
    throw new OperationFailure(
      `${instance.dataDir} is of system ${own.systemIdentifier}, the leader's data of ${leaderIdentifier}: another cluster. Move it away first`,
      false,
    );
  }
}
