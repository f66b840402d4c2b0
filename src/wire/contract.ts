/** Sites and contracts as a record carries them: the terms by which an amendment had verdicts recomputed. */
import { z } from 'zod';
import type { Contract, Promises } from '../core/sla/contract.ts';
import type { Announcement, Terms } from '../core/sla/maintenance/announcement.ts';

const dayHours = z.array(z.object({ fromMinute: z.number(), toMinute: z.number() }));

/** A zone that this host does not know would fail every reader of the record. */
const timeZone = z.string().refine((name) => {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}, 'not a time zone');

export const contractSchema: z.ZodType<Contract> = z.object({
  id: z.string(),
  version: z.number(),
  customer: z.string(),
  sites: z.array(z.string()),
  timeZone,
  serviceHours: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('always') }),
    z.object({
      kind: z.literal('weekly'),
      days: z.object({
        mon: dayHours,
        tue: dayHours,
        wed: dayHours,
        thu: dayHours,
        fri: dayHours,
        sat: dayHours,
        sun: dayHours,
      }),
    }),
  ]),
  holidays: z.array(z.object({ date: z.string(), hours: dayHours })),
  rtoMs: z.number(),
  rpoBytes: z.number().nullable(),
  rpoMs: z.number().nullable(),
  detectionMs: z.number().nullable(),
  availability: z
    .object({
      targetPercent: z.number(),
      window: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('calendar-month') }),
        z.object({ kind: z.literal('rolling'), days: z.number() }),
      ]),
    })
    .nullable(),
  exclusions: z.object({
    maintenance: z.object({ noticeDays: z.number(), capMsPerMonth: z.number() }).nullable(),
  }),
  creditBands: z.array(z.object({ belowPercent: z.number(), creditPercent: z.number() })),
  validFrom: z.string().nullable(),
  validTo: z.string().nullable(),
});

const promises = z.object({
  sites: z.array(z.object({ id: z.string(), name: z.string() })),
  contracts: z.array(contractSchema),
});
export const promisesSchema: z.ZodType<Promises> = promises;

export const announcementFields = {
  id: z.string(),
  from: z.number(),
  to: z.number(),
  announcedAt: z.number(),
  cancelledAt: z.number().nullable(),
  cancelledBy: z.string().nullable(),
  by: z.string(),
  reason: z.string(),
  contracts: z.array(z.string()).nullable(),
  sites: z.array(z.string()).nullable(),
};
const announcement: z.ZodType<Announcement> = z.object(announcementFields);

/** With the announcements by which something was excluded; left out where there were none. */
export const termsSchema: z.ZodType<Terms> = promises
  .extend({ maintenance: z.array(announcement).optional() })
  .transform(({ maintenance, ...rest }): Terms => (maintenance === undefined ? rest : { ...rest, maintenance }));
