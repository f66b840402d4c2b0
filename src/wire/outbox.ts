/** The outbox as etcd holds it. Fields that a newer daemon adds are kept, not refused. */
import { z } from 'zod';
import type { NoticeFacts, NoticeHead } from '../core/sla/notices/notice.ts';
import { OCCASIONS } from '../core/sla/notices/notice.ts';
import type { ListedNotice } from '../core/sla/notices/listed-notice.ts';
import type { OutboxEntry } from '../core/sla/notices/outbox.ts';
import { tailShape } from './evidence.ts';
import { readJson } from './json-text.ts';

const ms = z.number().nullable();
const instant = z.iso.datetime({ offset: true });
const named = z.looseObject({ id: z.string(), name: z.string() });

const audience = z.looseObject({ kind: z.enum(['site', 'contract', 'channel']), id: z.string(), name: z.string() });

const headShape = {
  key: z.string(),
  cluster: z.string(),
  channel: z.string(),
  occasion: z.enum(OCCASIONS),
  n: z.number().int(),
  audience,
  incident: z.string().nullable(),
  about: z.string().optional(),
  at: instant,
  subject: z.string(),
};
const head: z.ZodType<NoticeHead> = z.looseObject(headShape);

const facts: z.ZodType<NoticeFacts> = z.looseObject({
  kind: z
    .enum(['failover', 'switchover', 'drill', 'forced-failover', 'restart-in-place', 'outage-without-failover'])
    .nullable(),
  downFrom: z.string().nullable(),
  downUntil: z.string().nullable(),
  outageMs: ms,
  over: z.boolean(),
  redundant: z.boolean().nullable(),
  announced: z.boolean(),
  breachTold: z.boolean().optional(),
  loss: z.looseObject({
    lost: z.enum(['nothing', 'at-most', 'not-known']),
    bytesMax: z.number().nullable(),
    timeMsMax: ms,
    says: z.string(),
    tail: z.looseObject({ ...tailShape, member: z.string(), at: z.string(), whole: z.boolean() }).optional(),
  }),
  sites: z.array(named),
  contract: z
    .looseObject({
      id: z.string(),
      version: z.number(),
      customer: z.string(),
      outcome: z.enum(['met', 'breached', 'excluded', 'unmeasured']),
      says: z.string(),
    })
    .nullable(),
  report: z
    .looseObject({
      month: z.string(),
      provisional: z.boolean(),
      outcome: z.enum(['met', 'missed', 'open', 'unmeasured']).nullable(),
      targetPercent: z.number().nullable(),
      countedMs: z.number(),
      leftMs: ms,
      unmeasuredMs: z.number(),
      creditPercent: z.number(),
      incidents: z.number(),
      url: z.string(),
    })
    .optional(),
  burn: z
    .looseObject({
      severity: z.enum(['page', 'ticket']),
      burnRate: z.number().nullable(),
      longMs: z.number(),
      burningFrom: z.string(),
      burningUntil: z.string().nullable(),
      budgetMs: ms,
      leftMs: ms,
    })
    .optional(),
});

const entrySchema: z.ZodType<OutboxEntry> = z.looseObject({
  v: z.literal(1),
  head,
  body: z.looseObject({ text: z.string(), facts }).nullable(),
  state: z.discriminatedUnion('kind', [
    z.looseObject({ kind: z.literal('pending'), notBefore: instant, by: z.string().nullable() }),
    z.looseObject({ kind: z.literal('sent'), at: instant, by: z.string() }),
    z.looseObject({ kind: z.literal('given-up'), at: instant, by: z.string() }),
  ]),
  attempts: z.number().int().nonnegative(),
  lastProblem: z.string().nullable(),
});

/** Null when it cannot be read. */
export function parseEntry(text: string): OutboxEntry | null {
  const read = readJson(entrySchema, text);
  return read.ok ? read.value : null;
}

/** As it lies on a disk; null when it is no such entry. */
export const parseKeptEntry = (body: unknown): OutboxEntry | null =>
  z.looseObject({ entry: entrySchema }).safeParse(body).data?.entry ?? null;
export const formatKeptEntry = (entry: OutboxEntry): unknown => ({ v: 1, entry });

export const formatEntry = (entry: OutboxEntry): string => JSON.stringify(entry);

export const listedNoticeSchema: z.ZodType<ListedNotice> = z.looseObject({
  ...headShape,
  state: z.enum(['pending', 'sent', 'given-up']),
  stateAt: z.string().nullable(),
  by: z.string().nullable(),
  attempts: z.number(),
  lastProblem: z.string().nullable(),
});

/** Somebody tries a channel. */
export const testDraftSchema: z.ZodType<{ readonly channel: string }> = z.strictObject({
  channel: z.string().min(1).max(100),
});
