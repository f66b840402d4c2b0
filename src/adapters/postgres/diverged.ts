/** What a rewind destroys, saved first (I10): the diverged WAL, the configuration and the slots. */
import { constants } from 'node:fs';
import { copyFile, cp, mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatLsn, type Lsn, type Timeline } from '../../core/units.ts';
import { syncDirectory, writeDurably } from '../durable-file.ts';
import { hasCode } from '../system-error.ts';
import type { Instance } from './instance.ts';
import { walDirectory, walSegments } from './wal-files.ts';

/** Older ones give way, so that a member that diverges again and again does not fill its disk. */
const savedMax = 5;
const configurationFiles = [
  'postgresql.conf',
  'postgresql.auto.conf',
  'pg_hba.conf',
  'pg_ident.conf',
  'baton.copy',
  'global/pg_control',
];
/** What a rewind overwrites with the source's and a member keeps of its own. */
const ownFiles = ['postgresql.auto.conf', 'pg_ident.conf'];

export interface Divergence {
  readonly timeline: Timeline;
  /** Of which the fork is a position; older than `timeline` when that branched off since. */
  readonly forkTimeline: Timeline;
  readonly forkLsn: Lsn;
  /** Where the valid records end; null when it is not known. */
  readonly endLsn: Lsn | null;
  readonly segmentBytes: number;
}

/** Like `timeline 1 from 0/5000148 to 0/5003000`. */
export const describeDivergence = ({ timeline, forkLsn, endLsn }: Divergence): string =>
  `timeline ${timeline} from ${formatLsn(forkLsn)} to ${endLsn === null ? 'its end' : formatLsn(endLsn)}`;

/** Durable when it resolves. The directory that holds it. */
export async function saveDiverged(instance: Instance, divergence: Divergence): Promise<string> {
  const { dataDir, options, clock } = instance;
  const all = join(options.stateDir, 'diverged');
  const time = new Date(clock.wall()).toISOString().replaceAll(':', '');
  const directory = join(all, `${time}-tl${divergence.timeline}`);
  await mkdir(join(directory, 'pg_wal'), { recursive: true, mode: 0o700 });
  for (const file of await divergedFiles(dataDir, divergence))
    await copyDurably(join(walDirectory(dataDir), file), join(directory, 'pg_wal', file));
  for (const file of configurationFiles)
    await copyDurably(join(dataDir, file), join(directory, file.replace('/', '-')));
  await cp(join(dataDir, 'pg_replslot'), join(directory, 'pg_replslot'), { recursive: true }).catch(unlessMissing);
  const { forkLsn, endLsn, timeline, forkTimeline } = divergence;
  const facts = {
    member: options.member,
    timeline,
    forkTimeline,
    forkLsn: formatLsn(forkLsn),
    endLsn: endLsn === null ? null : formatLsn(endLsn),
  };
  await writeDurably(join(directory, 'divergence.json'), `${JSON.stringify(facts, null, 2)}\n`);
  await syncDirectory(join(directory, 'pg_wal'));
  await syncDirectory(all);
  const saved = (await readdir(all)).toSorted();
  for (const old of saved.slice(0, -savedMax)) await rm(join(all, old), { recursive: true, force: true });
  return directory;
}

export async function restoreOwnFiles(saved: string, dataDir: string): Promise<void> {
  for (const file of ownFiles) await copyDurably(join(saved, file), join(dataDir, file));
}

/** Segments that hold something after the fork, and the histories of the timelines they are on. */
async function divergedFiles(dataDir: string, divergence: Divergence): Promise<readonly string[]> {
  const { forkTimeline, forkLsn, endLsn, segmentBytes, timeline } = divergence;
  const segments = (await walSegments(dataDir, segmentBytes)).filter((segment) => {
    const afterFork = segment.startLsn + BigInt(segmentBytes) > forkLsn;
    const beforeEnd = timeline !== forkTimeline || endLsn === null || segment.startLsn < endLsn;
    return segment.timeline >= forkTimeline && afterFork && beforeEnd;
  });
  const histories = (await readdir(walDirectory(dataDir))).filter((name) => name.endsWith('.history'));
  return [...segments.map((segment) => segment.file), ...histories];
}

async function copyDurably(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    return unlessMissing(error);
  }
  const file = await open(to, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await syncDirectory(dirname(to));
}

function unlessMissing(error: unknown): void {
  if (!hasCode(error, 'ENOENT')) throw error;
}
