/** What the CLI posts about maintenance and drills, and what it is answered. Drafts are strict, answers are not. */
import { z } from 'zod';
import type { DrillEntry } from '../core/sla/drill/drill-entry.ts';
import type { Announcement } from '../core/sla/maintenance/announcement.ts';
import type { Ruling } from '../core/sla/maintenance/ruling.ts';
import { announcementFields } from './contract.ts';
import { instantField, memberField, revisionField } from './fields.ts';

const by = z.string().min(1).max(200);
const reason = z.string().max(1000);
const ids = z.array(z.string().min(1).max(60)).min(1).max(1000).nullable();

export const maintenanceDraftSchema = z.strictObject({
  from: instantField,
  to: instantField,
  contracts: ids,
  sites: ids,
  by,
  reason,
});

export const cancelDraftSchema = z.strictObject({ by, reason });

export const drillDraftSchema = z.strictObject({
  candidate: memberField,
  leader: memberField,
  term: revisionField,
  by,
  reason,
});

/** As `GET /v1/maintenance` lists one: with what it means for each contract. */
export interface ListedAnnouncement extends Announcement {
  readonly rulings: readonly Ruling[];
}

const listed: z.ZodType<ListedAnnouncement> = z.looseObject({
  ...announcementFields,
  rulings: z.array(
    z.looseObject({
      contract: z.string(),
      contractVersion: z.number(),
      customer: z.string(),
      excluded: z.boolean(),
      why: z.string(),
    }),
  ),
});

export const maintenanceListSchema = z.object({ maintenance: z.array(listed) }).transform((body) => body.maintenance);

const entry: z.ZodType<DrillEntry> = z.looseObject({
  due: z.string(),
  askedBy: z.string().nullable(),
  outcome: z.enum(['under-way', 'done', 'failed', 'broken', 'skipped', 'missed']),
  says: z.string(),
  count: z.number(),
  incident: z.string().nullable(),
  outageMs: z.number().nullable(),
  verdicts: z
    .object({ met: z.number(), breached: z.number(), excluded: z.number(), unmeasured: z.number() })
    .nullable(),
});

export const drillListSchema = z.object({ drills: z.array(entry) }).transform((body) => body.drills);
