/** What pg_controldata says: of the control file as it was when the incident became known, and as it is. */
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvidenceSource, Found } from '../../../core/sla/evidence/bundle.ts';
import { syncDirectory } from '../../durable-file.ts';
import { mustRun } from '../child-process.ts';
import type { Instance } from '../instance.ts';

/** Copies of older incidents give way. */
const copiesMax = 20;

const directoryOf = ({ options }: Instance, incident: string): string => join(options.stateDir, 'evidence', incident);

/** As it is now; the copy that was made first stays. Rejects when it cannot be read or written. */
export async function keepControlFile(instance: Instance, incident: string): Promise<void> {
  const all = join(instance.options.stateDir, 'evidence');
  const directory = directoryOf(instance, incident);
  const made = await mkdir(join(directory, 'global'), { recursive: true, mode: 0o700 });
  if (made === undefined) return;
  await copyFile(join(instance.dataDir, 'global/pg_control'), join(directory, 'global/pg_control'));
  await syncDirectory(join(directory, 'global'));
  // Incidents are named by their time.
  const older = (await readdir(all)).toSorted().slice(0, -copiesMax);
  for (const old of older) await rm(join(all, old), { recursive: true, force: true });
}

export const controlParts = (instance: Instance, incident: string, signal: AbortSignal): readonly Promise<Found>[] => [
  controlPart(instance, 'control-data-before', directoryOf(instance, incident), signal),
  controlPart(instance, 'control-data', instance.dataDir, signal),
];

async function controlPart(
  instance: Instance,
  source: EvidenceSource,
  directory: string,
  signal: AbortSignal,
): Promise<Found> {
  const from = `pg_controldata ${directory}`;
  try {
    const { stdout } = await mustRun({ binary: instance.program('pg_controldata'), args: ['-D', directory], signal });
    return { source, from, problem: null, lines: stdout.split('\n').filter(telling) };
  } catch (error) {
    return { source, from, problem: error instanceof Error ? error.message : String(error), lines: [] };
  }
}

/** What is the same on every server of the cluster, or of no interest after a failure, is left out. */
const telling = (line: string): boolean =>
  /^(pg_control last modified|Database (system identifier|cluster state)|Latest checkpoint( location|'s (REDO location|TimeLineID|PrevTimeLineID|NextXID)|: )|Time of latest|Minimum recovery|Backup)/.test(
    line,
  );
