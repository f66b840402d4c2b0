/** A report as it arrives from a daemon. Fields that a newer daemon adds are kept, not refused. */
import { z } from 'zod';
import type { SlaReport } from '../core/sla/accounting/report.ts';

export const ms = z.number().int();
export const span = z.looseObject({ from: ms, to: ms });
const ratio = z.looseObject({ part: ms, of: ms });

export const accountSchema = z.looseObject({
  contract: z.string(),
  contractVersion: z.number(),
  customer: z.string(),
  timeZone: z.string(),
  span,
  provisional: z.boolean(),
  serviceMs: ms,
  elapsedMs: ms,
  upMs: ms,
  degradedMs: ms,
  countedMs: ms,
  excludedMs: ms,
  unmeasuredMs: ms,
  outages: z.number(),
  longestMs: ms,
  target: z
    .looseObject({
      targetPercent: z.number(),
      atMost: ratio,
      atLeast: ratio,
      budgetMs: ms,
      leftMs: ms,
      outcome: z.enum(['met', 'missed', 'open', 'unmeasured']),
      creditPercent: z.number(),
    })
    .nullable(),
});

const site = z.looseObject({
  site: z.string(),
  name: z.string(),
  elapsedMs: ms,
  upMs: ms,
  degradedMs: ms,
  downMs: ms,
  unmeasuredMs: ms,
  outages: z.number(),
});

export const slaReportSchema: z.ZodType<SlaReport> = z.looseObject({
  cluster: z.string(),
  asOf: ms,
  month: z.string(),
  contracts: z.array(accountSchema),
  sites: z.array(site),
});
