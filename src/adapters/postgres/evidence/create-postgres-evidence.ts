/** What PostgreSQL of this host can say about an incident: its log and its files. */
import { join } from 'node:path';
import type { Found } from '../../../core/sla/evidence/bundle.ts';
import { bytesText } from '../../../core/sla/text-layout.ts';
import { KiB } from '../../../core/units.ts';
import type { EvidenceSource } from '../../../ports/evidence.ts';
import { anInstance } from '../instance.ts';
import type { PostgresOptions } from '../options.ts';
import { controlParts, keepControlFile } from './control-part.ts';
import { divergedPart } from './diverged-part.ts';
import { textTail } from './text-tail.ts';

const logBytesMax = 64 * KiB;

export interface PostgresEvidence extends Pick<EvidenceSource, 'before' | 'diverged'> {
  /** Never rejects. */
  collect(incident: string, signal: AbortSignal): Promise<readonly Found[]>;
}

export function createPostgresEvidence(options: PostgresOptions): PostgresEvidence {
  const { stateDir, log } = options;
  const instance = anInstance(options);
  return {
    before: (incident) =>
      keepControlFile(instance, incident).catch((error: unknown) =>
        log.warn(`the control file was not kept for incident ${incident}: ${problemOf(error)}`),
      ),
    collect: (incident, signal) =>
      Promise.all([postgresLog(join(stateDir, 'postgres.log')), ...controlParts(instance, incident, signal)]),
    diverged: (from, signal) =>
      divergedPart(instance, from, signal).catch((error: unknown) => ({
        source: 'diverged',
        from: join(stateDir, 'diverged'),
        problem: problemOf(error),
        lines: [],
      })),
  };
}

async function postgresLog(path: string): Promise<Found> {
  try {
    const { lines, bytesBefore } = await textTail(path, logBytesMax);
    const notRead = bytesBefore === 0 ? undefined : `${bytesText(bytesBefore)} of the file`;
    return { source: 'postgres-log', from: path, problem: null, lines, notRead };
  } catch (error) {
    return { source: 'postgres-log', from: path, problem: problemOf(error), lines: [] };
  }
}

const problemOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
