/** A bundle of evidence as it is kept under `evidence/<incident>/<member>-<moment>`. */
import { z } from 'zod';
import type { EvidenceBundle } from '../core/sla/evidence/bundle.ts';

const rows = { inserted: z.number(), updated: z.number(), deleted: z.number() };
export const tailShape = {
  timeline: z.number(),
  fromLsn: z.string(),
  toLsn: z.string().nullable(),
  transactions: z.number(),
  ...rows,
  relations: z.array(
    z.looseObject({ database: z.string().nullable(), name: z.string().nullable(), filenode: z.number(), ...rows }),
  ),
  relationsInAll: z.number(),
  catalogs: z.number(),
  incomplete: z.string().nullable(),
};

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
  tail: z.looseObject(tailShape).optional(),
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
