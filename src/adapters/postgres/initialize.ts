/** A new cluster: initdb beside the data directory, renamed into place when it is complete. */
import { readdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CopyId } from '../../core/units.ts';
import { moveIn, newDirectoryBeside, removeLeftovers } from './beside.ts';
import { mustRun } from './child-process.ts';
import { orDiskFull } from './disk-space.ts';
import { removeDurably, writeDurably } from '../durable-file.ts';
import { hasCode } from '../system-error.ts';
import { OperationFailure } from './failure.ts';
import { readControlData } from './inspect.ts';
import type { Instance } from './instance.ts';
import { unmarkUnstartable, writeCopy } from './marks.ts';
import { passwordOf } from './options.ts';

/** The system identifier. Throws OperationFailure. What a failure leaves does not hinder the next attempt. */
export async function initialize(instance: Instance, copyId: CopyId, signal: AbortSignal): Promise<string> {
  const { dataDir, options } = instance;
  const there = await readdir(dataDir).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  if (there.length > 0) throw new OperationFailure(`${dataDir} is not empty: it is left as it is`, false);
  await removeLeftovers(dataDir, 'initdb');
  const directory = newDirectoryBeside(dataDir, 'initdb');
  const passwordFile = `${directory}.password`;
  try {
    await writeDurably(passwordFile, `${passwordOf(options.superuser)}\n`, 0o600);
    const args = [
      ...['-D', directory, '-U', options.superuser.username, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
      ...['--data-checksums', '--encoding=UTF8', '--locale=C.UTF-8', '--lc-messages=C', '--no-clean'],
    ];
    await mustRun({ binary: instance.program('initdb'), args, signal });
    await writeCopy(directory, options.member, copyId);
    const { systemIdentifier } = await readControlData(instance, directory, signal);
    await moveIn(directory, dataDir);
    await unmarkUnstartable(dataDir); // of a directory that somebody has moved away
    return systemIdentifier;
  } catch (thrown) {
    const error = await orDiskFull(thrown, dirname(directory));
    await rm(directory, { recursive: true, force: true });
    throw error;
  } finally {
    await removeDurably(passwordFile);
  }
}
