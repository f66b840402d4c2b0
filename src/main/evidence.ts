/** What this host can say about an incident, put together from where it lies: journal, PostgreSQL, kernel. */
import { journalParts } from '../adapters/journal/journal-part.ts';
import { kernelPart } from '../adapters/kernel-part.ts';
import { createPostgresEvidence } from '../adapters/postgres/evidence/create-postgres-evidence.ts';
import type { PostgresOptions } from '../adapters/postgres/options.ts';
import type { EvidenceSource } from '../ports/evidence.ts';

export function createEvidence(options: PostgresOptions, journalDirectory: string): EvidenceSource {
  const { clock } = options;
  const postgres = createPostgresEvidence(options);
  return {
    before: postgres.before,
    diverged: postgres.diverged,
    async collect(incident, stretch, signal) {
      const [journal, files] = await Promise.all([
        journalParts(journalDirectory, stretch, signal),
        postgres.collect(incident, signal),
      ]);
      return [...journal, ...files, await kernelPart(stretch, clock.wall(), clock.mono())];
    },
  };
}
