/** An export as it comes back to be checked: only what the check reads is demanded, nothing is dropped. */
import { z } from 'zod';
import { exportFormat, type IncidentExport } from '../core/sla/export/incident-export.ts';
import type { CheckedExport } from '../core/sla/export/verify-export.ts';
import { caseEntriesSchema } from './case-entry.ts';
import { evidenceSchema } from './evidence.ts';
import { incidentSchema } from './incident.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256');

export const incidentExportSchema: z.ZodType<CheckedExport> = z.looseObject({
  format: z.literal(exportFormat),
  v: z.literal(1),
  exportedAt: z.string(),
  madeBy: z.string(),
  incident: incidentSchema,
  entries: caseEntriesSchema,
  evidence: z.array(evidenceSchema),
  ledger: z
    .looseObject({
      member: z.string(),
      entries: z.array(
        z.looseObject({
          seq: z.number().int().nonnegative(),
          wall: z.string(),
          kind: z.string(),
          body: z.unknown(),
          prev: z.string(),
          hash: z.string(),
        }),
      ),
      head: z.looseObject({ entries: z.number().int().nonnegative(), lastHash: z.string() }),
      problem: z.string().nullable(),
    })
    .nullable(),
  recordSha256: hash,
  sha256: hash,
});

/** As the daemon answers: with its fields in their order, so that what is written to a file reads as it was made. */
export const servedExportSchema: z.ZodType<IncidentExport> = z.custom<IncidentExport>((value) => {
  const parts = ['case', 'lost', 'recurrences', 'statements'];
  return incidentExportSchema.safeParse(value).success && parts.every((part) => part in (value as object));
}, 'not an export');
