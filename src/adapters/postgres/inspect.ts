/** What lies in the data directory of a server that does not run. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lsn, Ms, Timeline } from '../../core/units.ts';
import type { Inspection } from '../../ports/postgres.ts';
import { mustRun } from './child-process.ts';
import { type ControlData, parseControlData } from './control-data.ts';
import { readIfThere, removeDurably } from '../durable-file.ts';
import { hasCode, isSystemError } from '../system-error.ts';
import { OperationFailure } from './failure.ts';
import type { Instance } from './instance.ts';
import { promoteFile, readUnstartable, standbySignalFile } from './marks.ts';
import { newestWalTimeline } from './wal-files.ts';

const versionMin = 14;
const versionMax = 18;

export async function inspect(instance: Instance, limitMs: Ms): Promise<Inspection> {
  const { dataDir, clock } = instance;
  const limit = new AbortController();
  const cancelTimer = clock.timer(limitMs, () => limit.abort(new Error(`no answer within ${limitMs} ms`)));
  try {
    const names = await namesIn(dataDir);
    if (names.length === 0) return { kind: 'absent' };
    if (!names.includes('PG_VERSION')) {
      return unusable(
        `${dataDir} is not empty and holds no PostgreSQL data: move what is there away, or name another dataDir`,
      );
    }
    return await readDirectory(instance, limit.signal);
  } catch (error) {
    if (error instanceof OperationFailure) return unusable(`${dataDir}: ${error.message}`);
    if (isSystemError(error)) return unusable(`${dataDir} cannot be read: ${error.message}`);
    throw error;
  } finally {
    cancelTimer();
  }
}

async function readDirectory(instance: Instance, signal: AbortSignal): Promise<Inspection> {
  const { dataDir } = instance;
  const major = Number((await readIfThere(join(dataDir, 'PG_VERSION')))?.trim());
  if (!(major >= versionMin && major <= versionMax)) {
    return unusable(`${dataDir} is of PostgreSQL ${major}; Baton knows ${versionMin} to ${versionMax}`);
  }
  const serverVersion = await binaryVersion(instance, signal);
  if (Math.floor(serverVersion / 10_000) !== major) {
    return unusable(
      `${dataDir} is of PostgreSQL ${major}, the programs in ${instance.options.binDir} are ${Math.floor(serverVersion / 10_000)}`,
    );
  }
  const control = await readControlData(instance, dataDir, signal);
  await removeDurably(join(dataDir, promoteFile)); // only the holder of the key makes one, and not of a stopped server
  return {
    kind: 'present',
    data: {
      systemIdentifier: control.systemIdentifier,
      serverVersion,
      timeline: await timelineAtRest(control, dataDir),
      checkpointLsn: control.checkpointLsn,
      lsn: furthest(control),
      clusterState: control.clusterState,
      standbySignal: (await readIfThere(join(dataDir, standbySignalFile))) !== null,
      copyId: await instance.copyId(),
      unstartable: await readUnstartable(dataDir),
    },
  };
}

export const furthest = (control: ControlData): Lsn =>
  control.minimumRecoveryLsn > control.checkpointLsn ? control.minimumRecoveryLsn : control.checkpointLsn;

export const timelineAtRest = async (control: ControlData, dataDir: string): Promise<Timeline> =>
  Math.max(control.checkpointTimeline, control.minimumRecoveryTimeline, await newestWalTimeline(dataDir)) as Timeline;

/** Throws OperationFailure. */
export async function readControlData(instance: Instance, dataDir: string, signal: AbortSignal): Promise<ControlData> {
  const { stdout } = await mustRun({ binary: instance.program('pg_controldata'), args: ['-D', dataDir], signal });
  return parseControlData(stdout);
}

/** As server_version_num: 15.18 is 150018. Throws OperationFailure when the program is missing. */
export async function binaryVersion(instance: Instance, signal: AbortSignal): Promise<number> {
  const { stdout } = await mustRun({ binary: instance.program('postgres'), args: ['--version'], signal });
  const match = /\(PostgreSQL\) (\d+)(?:\.(\d+))?/.exec(stdout);
  if (match === null)
    throw new OperationFailure(`${instance.program('postgres')} is no PostgreSQL: ${stdout.trim()}`, false);
  return Number(match[1]) * 10_000 + Number(match[2] ?? 0);
}

/** The directory's content; nothing when there is no directory. */
async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

const unusable = (problem: string): Inspection => ({ kind: 'unusable', problem });
