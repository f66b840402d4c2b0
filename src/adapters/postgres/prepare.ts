/** What a start needs on disk, and the command that starts it. The guardian executes it. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { batonPrefix, copyName } from '../../core/copy-name.ts';
import type { Ms } from '../../core/units.ts';
import type { CommitWaits, StartCommand, Upstream } from '../../ports/postgres.ts';
import { readOnlySetting, upstreamSettings, waitsSetting, writeConfiguration } from './configuration.ts';
import type { StandbyMinimum } from './control-data.ts';
import { removeDurably, syncDirectory, writeDurably } from '../durable-file.ts';
import { hasCode } from '../system-error.ts';
import { OperationFailure } from './failure.ts';
import { type Admits, writeAccess } from './host-based-access.ts';
import { removeForeignHistories } from './history.ts';
import { furthest, readControlData, timelineAtRest } from './inspect.ts';
import type { Instance } from './instance.ts';
import { mustBeFree } from './listen-address.ts';
import { promoteFile, readUnstartable, standbySignalFile } from './marks.ts';
import { fixedSettings } from './settings.ts';

/** pg_controldata reads one file. */
const controlDataLimitMs: Ms = 5_000;
const noWaits: CommitWaits = { names: [], nobody: false };

/** Throws OperationFailure. Idempotent. */
export async function prepareStandby(instance: Instance, follow: Upstream | null): Promise<StartCommand> {
  const control = await startable(instance);
  await removeForeignHistories(instance.dataDir, await timelineAtRest(control, instance.dataDir), furthest(control));
  await writeStandbyFiles(instance, instance.dataDir, follow);
  return startCommand(instance, control.settings);
}

/** Everything but the data that makes a directory a standby of `follow`. Durable when it resolves. */
export async function writeStandbyFiles(instance: Instance, dataDir: string, follow: Upstream | null): Promise<void> {
  const { options } = instance;
  const copyId = await instance.copyId(dataDir);
  if (copyId === null) {
    throw new OperationFailure(
      `${dataDir} holds no copy that belongs to ${options.member}: it must be rejoined first`,
      false,
    );
  }
  const upstream = await upstreamSettings(instance, follow, copyName(options.member, copyId));
  await writeConfiguration(instance, dataDir, { ...waitsSetting(noWaits), ...readOnlySetting(true), ...upstream });
  await writeAccess(options, dataDir, 'everybody');
  await dropOwnSlots(dataDir);
  await writeDurably(join(dataDir, standbySignalFile), '');
}

/**
 * Throws OperationFailure. A directory that last ran in recovery is refused: out of recovery without a promotion, it
 * would write on a timeline that may already have another continuation.
 */
export async function preparePrimary(instance: Instance, waits: CommitWaits, admits: Admits): Promise<StartCommand> {
  const { dataDir } = instance;
  const control = await startable(instance);
  if (control.clusterState === 'shut down in recovery' || control.clusterState === 'in archive recovery') {
    throw new OperationFailure(
      `${dataDir} is a standby's (${control.clusterState}): it must start as one and be promoted`,
      false,
    );
  }
  await writeConfiguration(instance, dataDir, {
    ...waitsSetting(waits),
    ...readOnlySetting(false),
    primary_conninfo: '',
    primary_slot_name: '',
  });
  await writeAccess(instance.options, dataDir, admits);
  await removeDurably(join(dataDir, standbySignalFile));
  return startCommand(instance, {});
}

async function startable(instance: Instance) {
  const { dataDir, clock } = instance;
  const unstartable = await readUnstartable(dataDir);
  if (unstartable !== null) throw new OperationFailure(`${dataDir} must not be started: ${unstartable}`, false);
  await mustBeFree(instance.options.listen);
  await instance.freshPassFile();
  await removeDurably(join(dataDir, promoteFile));
  const limit = new AbortController();
  const cancel = clock.timer(controlDataLimitMs, () => limit.abort(new Error('pg_controldata does not end')));
  try {
    return await readControlData(instance, dataDir, limit.signal);
  } finally {
    cancel();
  }
}

async function startCommand(
  instance: Instance,
  minimums: Partial<Record<StandbyMinimum, number>>,
): Promise<StartCommand> {
  const { dataDir } = instance;
  const settings = Object.entries(await fixedSettings(instance, minimums));
  return {
    binary: instance.program('postgres'),
    args: ['-D', dataDir, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    dataDir,
    env: {},
  };
}

/** Slots that were made for others while this server was their primary would hold WAL here for ever. */
async function dropOwnSlots(dataDir: string): Promise<void> {
  const slots = join(dataDir, 'pg_replslot');
  try {
    const left = (await readdir(slots)).filter((name) => name.startsWith(batonPrefix));
    for (const name of left) await rm(join(slots, name), { recursive: true, force: true });
    if (left.length > 0) await syncDirectory(slots);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
