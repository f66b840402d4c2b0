/** A report as it is asked for, and as it arrives from a daemon. Fields that a newer daemon adds are kept, not refused. */
import { z } from 'zod';
import { err, ok, type Result } from '../core/result.ts';
import type { Asked, SlaReport } from '../core/sla/accounting/report.ts';
import { isMonth } from '../core/sla/accounting/zone.ts';
import { dayMs } from '../core/units.ts';

export const ms = z.number().int();
export const span = z.looseObject({ from: ms, to: ms });
const ratio = z.looseObject({ part: ms, of: ms });

const target = z
  .looseObject({
    targetPercent: z.number(),
    atMost: ratio,
    atLeast: ratio,
    budgetMs: ms,
    leftMs: ms,
    outcome: z.enum(['met', 'missed', 'open', 'unmeasured']),
    creditPercent: z.number(),
  })
  .nullable();

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
  target,
});

const sitePromise = z.looseObject({
  contract: z.string(),
  contractVersion: z.number(),
  countedMs: ms,
  excludedMs: ms,
  target,
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
  services: z.array(z.looseObject({ name: z.string(), weight: z.number() })),
  weighedDownMs: ms,
  promises: z.array(sitePromise),
});

/** How long a window may be: the ledger holds years, and an answer must not take a daemon's time. */
const windowMsMax = 11 * 366 * dayMs;
const instant = z.iso.datetime({ offset: true });

export interface AskedQuery {
  readonly month?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Nothing of it: this month. The error says what is wrong with it. */
export function readAsked({ month, from, to }: AskedQuery): Result<Asked, string> {
  if (from === undefined && to === undefined) {
    if (month === undefined) return ok({ kind: 'this-month' });
    return isMonth(month) ? ok({ kind: 'month', month }) : err(`"${month.slice(0, 40)}" is no month`);
  }
  if (month !== undefined) return err('a month and a window were asked for');
  for (const text of [from, to])
    if (!instant.safeParse(text).success) return err(`"${(text ?? '').slice(0, 40)}" is no instant`);
  const window = { from: Date.parse(from ?? ''), to: Date.parse(to ?? '') };
  if (window.from >= window.to) return err('the window ends before it begins');
  if (window.to - window.from > windowMsMax) return err('the window is longer than eleven years');
  return ok({ kind: 'window', ...window });
}

export const slaReportSchema: z.ZodType<SlaReport> = z.looseObject({
  cluster: z.string(),
  asOf: ms,
  month: z.string().nullable(),
  window: span.nullable(),
  provisional: z.boolean(),
  contracts: z.array(accountSchema),
  sites: z.array(site),
});
