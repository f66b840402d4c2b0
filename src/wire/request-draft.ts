/** An operator's request as the CLI posts it. Strict: a misspelt condition must not be taken for one that was not set. */
import { z } from 'zod';
import type { OperatorRequest } from '../core/cluster.ts';
import { memberField, revisionField } from './fields.ts';

const text = (lengthMax: number) => z.string().min(1).max(lengthMax);

export const requestDraftSchema: z.ZodType<Omit<OperatorRequest, 'id' | 'requestedAt' | 'shutdownLsn' | 'drill'>> =
  z.strictObject({
    kind: z.enum(['switchover', 'failover']),
    candidate: memberField,
    leader: memberField.nullable(),
    term: revisionField.nullable(),
    by: text(200),
    reason: z.string().max(1000),
    allowDataLoss: z.boolean(),
    oldPrimaryIsFenced: z.boolean(),
  });

/** An operator's word that repeated failovers have been looked at. */
export const resumeDraftSchema: z.ZodType<{ readonly by: string; readonly reason: string }> = z.strictObject({
  by: text(200),
  reason: z.string().max(1000),
});
