/** A bundle of evidence as it is kept under `evidence/<incident>/<member>-<moment>`. */
import { z } from 'zod';
import type { EvidenceBundle } from '../core/sla/evidence/bundle.ts';

const partSchema = z.looseObject({
  source: z.enum([
    'journal',
    'postgres-log',
    'control-data-before',
    'control-data',
    'replication',
    'kernel',
    'diverged',
  ]),
  from: z.string(),
  problem: z.string().nullable(),
  lines: z.array(z.string()),
  cutOff: z.string().nullable(),
});

export const evidenceSchema: z.ZodType<EvidenceBundle> = z.looseObject({
  v: z.literal(1),
  incident: z.string(),
  member: z.string(),
  at: z.iso.datetime({ precision: 3 }),
  moment: z.enum(['outage', 'after']),
  parts: z.array(partSchema),
});

/** Null for what is no such value. */
export const parseEvidence = (value: unknown): EvidenceBundle | null => evidenceSchema.safeParse(value).data ?? null;
