/** `/v1/explain` as it arrives. */
import { z } from 'zod';
import type { Explanation } from '../core/explain.ts';

export const explanationSchema: z.ZodType<Explanation> = z.object({
  cluster: z.string(),
  at: z.string(),
  leader: z.string().nullable(),
  mode: z.enum(['available', 'strict', 'off']).nullable().default(null),
  members: z.array(
    z.object({
      name: z.string(),
      sees: z.array(z.string()),
      rule: z.string().nullable(),
      because: z.string().nullable(),
      mayLead: z.boolean(),
      conditions: z.array(z.object({ condition: z.string(), holds: z.boolean(), detail: z.string() })),
    }),
  ),
  next: z.string(),
});
