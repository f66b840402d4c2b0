/** `status --json` as it arrives at the CLI. Fields that a newer daemon adds are kept. */
import { z } from 'zod';
import type { MemberStatus, Status } from '../core/status.ts';
import { memberStateField } from './fields.ts';

export type { Status };

const memberSchema: z.ZodType<MemberStatus> = z.looseObject({
  name: z.string(),
  location: z.string(),
  role: z.enum(['primary', 'replica', 'observer', 'uninitialized', 'unknown']),
  state: z.union([memberStateField, z.enum(['gone', 'malformed'])]),
  timeline: z.number().nullable(),
  lsn: z.string().nullable(),
  lagBytes: z.number().nullable(),
  synchronous: z.boolean(),
  host: z.string().nullable(),
  port: z.number().nullable(),
  apiUrl: z.string().nullable(),
  version: z.string().nullable(),
  postgres: z.number().nullable().default(null),
  operation: z.string().nullable(),
});

export const statusSchema: z.ZodType<Status> = z.looseObject({
  cluster: z.string(),
  leader: z.string().nullable(),
  term: z.number().nullable(),
  timeline: z.number().nullable(),
  redundant: z.boolean(),
  paused: z.boolean(),
  held: z.array(z.string()),
  synchronous: z.looseObject({
    mode: z.enum(['available', 'strict', 'off']).nullable(),
    standbys: z.array(z.string()),
  }),
  members: z.array(memberSchema),
  // A daemon of an older version does not say.
  warnings: z.array(z.string()).default([]),
  incident: z
    .looseObject({
      id: z.string(),
      kind: z.enum([
        'failover',
        'switchover',
        'drill',
        'forced-failover',
        'restart-in-place',
        'outage-without-failover',
      ]),
      since: z.string().nullable(),
      sitesDown: z.array(z.string()),
      breaches: z
        .array(
          z.looseObject({
            contract: z.string(),
            customer: z.string(),
            limitMs: z.number(),
            usedMs: z.number(),
            breachesAt: z.string().nullable(),
            inMs: z.number().nullable(),
          }),
        )
        .default([]),
      acknowledged: z.looseObject({ by: z.string(), at: z.string(), note: z.string() }).nullable().optional(),
    })
    .nullable(),
  sla: z.array(
    z.looseObject({
      contract: z.string(),
      customer: z.string(),
      incident: z.string(),
      outcome: z.enum(['met', 'breached', 'excluded', 'unmeasured']),
    }),
  ),
});
