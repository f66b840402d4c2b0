/** A contract's report as it is kept (`reports/<contract>/<month>`) and as it arrives from a daemon. */
import { z } from 'zod';
import type { ContractReport } from '../core/sla/report/contract-report.ts';
import type { KeptRecord } from './kept-record.ts';
import { accountSchema, ms, span } from './sla.ts';

export const reportKeyPrefix = 'reports/';
export const reportKey = ({ contract, month }: Pick<ContractReport, 'contract' | 'month'>): string =>
  `${reportKeyPrefix}${contract}/${month}`;

const stretch = span.extend({ what: z.enum(['counted', 'excluded', 'degraded', 'unmeasured']) });
const incident = z.looseObject({
  id: z.string(),
  kind: z.enum(['failover', 'switchover', 'drill', 'forced-failover', 'restart-in-place', 'outage-without-failover']),
  from: z.string().nullable(),
  until: z.string().nullable(),
  outageMs: ms.nullable(),
  contractVersion: z.number(),
  outcome: z.enum(['met', 'breached', 'excluded', 'unmeasured']),
  nothingLost: z.boolean(),
  lostBytesMax: z.number().nullable(),
  lostRows: z.string().optional(),
});
const window = span.extend({
  id: z.string(),
  announcedAt: ms,
  cancelledAt: ms.nullable(),
  reason: z.string(),
  excluded: z.boolean(),
  why: z.string(),
});

export const contractReportSchema: z.ZodType<ContractReport> = z.looseObject({
  v: z.literal(1),
  cluster: z.string(),
  contract: z.string(),
  customer: z.string(),
  month: z.string(),
  timeZone: z.string(),
  span,
  asOf: ms,
  provisional: z.boolean(),
  sites: z.array(z.looseObject({ id: z.string(), name: z.string() })),
  accounts: z.array(accountSchema),
  stretches: z.array(stretch),
  incidents: z.array(incident),
  maintenance: z.array(window),
  leftOut: z.object({ stretches: z.number(), incidents: z.number(), maintenance: z.number() }),
  nearMisses: z
    .object({ count: z.number(), smallestHeadroomMs: ms.nullable(), rule: z.string().nullable() })
    .nullable()
    .default(null),
  loss: z.string(),
  lost: z
    .looseObject({ lost: z.enum(['nothing', 'at-most', 'not-known']), bytesMax: z.number().nullable() })
    .optional(),
});

const keptSchema = z.looseObject({ report: contractReportSchema });

/** `at`: when it was made, by `by`. */
export const formatReport = (report: ContractReport, at: number, by: string): KeptRecord => ({
  key: reportKey(report),
  value: { v: 1, at: new Date(at).toISOString(), by, report },
});

/** Null for what is no such record, and for one under another's key. */
export function parseReport({ key, value }: KeptRecord): ContractReport | null {
  const report = keptSchema.safeParse(value).data?.report;
  return report === undefined || reportKey(report) !== key ? null : report;
}
