/** The ledger's entry of kind `segment-dropped`: what was in a segment that is kept no longer. */
import { z } from 'zod';
import type { Segment, WhyDropped } from '../../core/ledger-segments.ts';
import type { LedgerEntry } from '../../ports/ledger.ts';

export const DROPPED_KIND = 'segment-dropped';

const schema = z.strictObject({
  v: z.literal(1),
  first: z.number().int().nonnegative(),
  last: z.number().int().nonnegative().nullable(),
  lastHash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  from: z.string(),
  to: z.string(),
  bytes: z.number().int().nonnegative(),
  why: z.enum(['age', 'size']),
});

/** Instants are RFC 3339 UTC; the last entry is null where not one line could be read. */
export type SegmentDropped = z.output<typeof schema>;

export const segmentDropped = (segment: Segment, why: WhyDropped): SegmentDropped => ({
  v: 1,
  first: segment.first,
  last: segment.last,
  lastHash: segment.lastHash,
  from: new Date(segment.fromWall).toISOString(),
  to: new Date(segment.toWall).toISOString(),
  bytes: segment.bytes,
  why,
});

/** Null for an entry that is something else. */
export function parseDropped({ kind, body }: LedgerEntry): SegmentDropped | null {
  if (kind !== DROPPED_KIND) return null;
  const parsed = schema.safeParse(body);
  return parsed.success ? parsed.data : null;
}
