/** Incidents as they arrive from a daemon or from etcd. Fields that a newer daemon adds are kept, not refused. */
import { z } from 'zod';
import type { Incident, Verdict } from '../core/sla/incident.ts';

const duration = z.number().nullable();
const place = z.looseObject({ member: z.string(), location: z.string() }).nullable();

const instant = z
  .looseObject({
    wall: z.string(),
    monoMs: duration,
    measured: z.boolean(),
    uncertaintyMs: duration,
    by: z.string(),
  })
  .nullable();

const measure = z.union([
  z.looseObject({ of: z.enum(['rto', 'rpo-time', 'detection']), limitMs: z.number(), actualMs: duration }),
  z.looseObject({ of: z.literal('rpo-bytes'), limitBytes: z.number(), actualBytes: z.number().nullable() }),
]);

const breach = z.union([
  z.looseObject({ of: z.enum(['rto', 'rpo', 'detection']), byMs: z.number() }),
  z.looseObject({ of: z.literal('rpo'), byBytes: z.number() }),
]);

const verdict: z.ZodType<Verdict> = z.looseObject({
  contract: z.string(),
  contractVersion: z.number(),
  customer: z.string(),
  sites: z.array(z.string()),
  outcome: z.discriminatedUnion('kind', [
    z.looseObject({ kind: z.literal('met') }),
    z.looseObject({ kind: z.literal('breached'), breaches: z.array(breach) }),
    z.looseObject({ kind: z.literal('excluded'), why: z.string() }),
    z.looseObject({
      kind: z.literal('unmeasured'),
      missing: z.array(z.enum(['rto', 'rpo-time', 'detection', 'rpo-bytes'])),
    }),
  ]),
  measures: z.array(measure),
});

export const incidentSchema: z.ZodType<Incident> = z.looseObject({
  v: z.literal(1),
  edition: z.number().int().nonnegative().optional(),
  id: z.string(),
  cluster: z.string(),
  kind: z.enum(['failover', 'switchover', 'drill', 'forced-failover', 'restart-in-place', 'outage-without-failover']),
  trigger: z.string(),
  rule: z.string().nullable(),
  because: z.string(),
  state: z.enum(['open', 'closed']),
  closedBecause: z.enum(['redundant', 'healed', 'superseded']).nullable(),
  oldLeader: place,
  newLeader: place,
  oldTimeline: z.number().nullable(),
  newTimeline: z.number().nullable(),
  forkLsn: z.string().nullable(),
  termBefore: z.number().nullable(),
  termAfter: z.number().nullable(),
  instants: z.looseObject({
    t0: instant,
    t1: instant,
    t2: instant,
    t3: instant,
    t4: instant,
    t5: instant,
    t6: instant,
    t7: instant,
    t8: instant,
  }),
  phases: z.looseObject({
    detection: duration,
    decision: duration,
    promotion: duration,
    routing: duration,
    outage: duration,
    exposure: duration,
  }),
  loss: z.looseObject({
    bytesMax: z.number().nullable(),
    timeMsMax: duration,
    provedNone: z.boolean(),
    basis: z.string(),
  }),
  mode: z.enum(['available', 'strict', 'off']).nullable(),
  affectedSites: z.array(
    z.looseObject({
      id: z.string(),
      name: z.string(),
      downFrom: z.string().nullable(),
      downUntil: z.string().nullable(),
    }),
  ),
  verdicts: z.array(verdict),
  evidence: z.array(z.looseObject({ id: z.enum(['E1', 'E2', 'E3', 'E4', 'E5', 'E6', 'note']), says: z.string() })),
  measuredBy: z.enum(['standby', 'leader', 'observer', 'person']),
  recordedBy: z.string(),
  amendments: z.array(
    z.looseObject({
      at: z.string(),
      by: z.string(),
      field: z.string(),
      from: z.string(),
      to: z.string(),
      reason: z.string(),
    }),
  ),
});
