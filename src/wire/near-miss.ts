/** Near misses as they are kept (`near-misses/<when>-<who>-<what>`) and as they arrive from a daemon. */
import { z } from 'zod';
import type { NearMiss } from '../core/sla/near-miss/near-miss.ts';
import { type WallMs, wallMs } from '../core/units.ts';
import type { KeptRecord } from './kept-record.ts';

export const nearMissKeyPrefix = 'near-misses/';

const ms = z.number().nonnegative();
const instant = z.iso.datetime({ precision: 3 }).transform((text): WallMs => wallMs(Date.parse(text)));

const nearMissSchema = z.looseObject({
  cluster: z.string(),
  about: z.string(),
  seenBy: z.string(),
  as: z.enum(['leader', 'candidate', 'client']),
  at: instant,
  lastedMs: ms,
  signs: z.array(z.string()).max(20),
  rule: z.string().nullable(),
  headroomMs: ms.nullable(),
  closestAfterMs: ms.nullable(),
  limits: z.looseObject({
    leaseTtlMs: ms,
    leaseMarginMs: ms,
    hangMs: ms,
    streamSilenceMs: ms,
    refusedConfirmMs: ms,
    failsafeWindowMs: ms,
  }),
  count: z.number().int().positive(),
  from: instant,
  until: instant,
  longestMs: ms,
});

export const nearMissListSchema = z
  .object({ nearMisses: z.array(nearMissSchema) })
  .transform(({ nearMisses }): readonly NearMiss[] => nearMisses);

/** Instants are RFC 3339 UTC, in records and in answers alike. */
export const formatNearMiss = (miss: NearMiss) => ({
  ...miss,
  at: rfc3339(miss.at),
  from: rfc3339(miss.from),
  until: rfc3339(miss.until),
});

/** Two of one sort never end at the same millisecond: they would have been merged. */
export const nearMissRecord = (miss: NearMiss): KeptRecord => {
  const { until, seenBy, as, rule, signs } = miss;
  const when = rfc3339(until)
    .replace(/[-:.Z]/g, '')
    .replace('T', '-');
  const key = `${nearMissKeyPrefix}${when}-${seenBy}-${as}-${rule ?? signs[0] ?? 'doubt'}`;
  return { key, value: { v: 1, ...formatNearMiss(miss) } };
};

/** Null for what is no such record. */
export const parseNearMiss = ({ value }: KeptRecord): NearMiss | null => nearMissSchema.safeParse(value).data ?? null;

const rfc3339 = (at: number): string => new Date(at).toISOString();
