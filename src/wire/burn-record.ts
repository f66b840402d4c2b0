/**
 * A budget that is used up too fast, as it is kept: `reports/burn/<contract>/<day>-<urgency>` when it was seen, the same
 * with `-over` behind it when it had stopped.
 */
import { z } from 'zod';
import type { BurnNews, Standing } from '../core/sla/notices/news.ts';
import type { BurnWarning } from '../core/sla/report/burn.ts';
import type { KeptRecord } from './kept-record.ts';

export const burnKeyPrefix = 'reports/burn/';
const overSuffix = '-over';

const warningSchema: z.ZodType<BurnWarning> = z.looseObject({
  contract: z.string(),
  contractVersion: z.number(),
  customer: z.string(),
  severity: z.enum(['page', 'ticket']),
  longMs: z.number(),
  burnRate: z.number().nullable(),
  says: z.string(),
});

const standingSchema = z.looseObject({
  at: z.iso.datetime({ precision: 3 }),
  loss: z.looseObject({
    lost: z.enum(['nothing', 'at-most', 'not-known']),
    bytesMax: z.number().nullable(),
    timeMsMax: z.number().nullable(),
    says: z.string(),
  }),
  budgetMs: z.number().nullable(),
  leftMs: z.number().nullable(),
});
const begunSchema = standingSchema.extend({ warning: warningSchema });

export const burnKey = (contract: string, id: string): string => `${burnKeyPrefix}${contract}/${id}`;

export const formatBurn = (id: string, warning: BurnWarning, standing: Standing, by: string): KeptRecord => ({
  key: burnKey(warning.contract, id),
  value: { v: 1, by, warning, ...plain(standing) },
});

export const formatBurnOver = ({ id, warning }: BurnNews, standing: Standing, by: string): KeptRecord => ({
  key: `${burnKey(warning.contract, id)}${overSuffix}`,
  value: { v: 1, by, ...plain(standing) },
});

const plain = ({ at, ...rest }: Standing) => ({ at: new Date(at).toISOString(), ...rest });

/** The newest of each contract and urgency; what cannot be read is none. */
export function burnsOf(records: readonly KeptRecord[]): readonly BurnNews[] {
  const byKey = new Map(records.map(({ key, value }) => [key, value]));
  const newest = new Map<string, BurnNews>();
  for (const { key, value } of records) {
    const begun = key.endsWith(overSuffix) ? undefined : begunSchema.safeParse(value).data;
    if (begun === undefined) continue;
    const { warning } = begun;
    const over = standingSchema.safeParse(byKey.get(`${key}${overSuffix}`)).data;
    const burn: BurnNews = {
      id: key.slice(burnKey(warning.contract, '').length),
      warning,
      from: standing(begun),
      over: over === undefined ? null : standing(over),
    };
    const thread = `${warning.contract}/${warning.severity}`;
    if ((newest.get(thread)?.from.at ?? -1) < burn.from.at) newest.set(thread, burn);
  }
  return [...newest.values()];
}

const standing = ({ at, loss, budgetMs, leftMs }: z.infer<typeof standingSchema>): Standing => ({
  at: Date.parse(at),
  loss,
  budgetMs,
  leftMs,
});
