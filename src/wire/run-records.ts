/**
 * Scheduled runs as they are written down: `reports/runs/<job>/<due>` claims one, the same key with `-ended` says how it
 * ended, and `reports/schedules/<job>/<instant>` says from when on a schedule was in force.
 */
import { z } from 'zod';
import type { InForce, Run, RunClaim, RunEnd } from '../core/sla/schedule/run.ts';
import { JOB_NAMES, type JobName, type Schedule } from '../core/sla/schedule/schedule.ts';
import type { KeptRecord } from './kept-record.ts';

export const runKeyPrefix = 'reports/runs/';
export const inForceKeyPrefix = 'reports/schedules/';
const endedSuffix = '-ended';

const instant = z.iso.datetime({ precision: 3 }).transform((text) => Date.parse(text));
const numbers = z.array(z.number().int()).min(1);

const claimSchema = z.looseObject({
  at: instant,
  by: z.string(),
  due: instant,
  from: instant,
  count: z.number().int().min(1),
  what: z.enum(['begun', 'skipped', 'missed']),
  askedBy: z.string().nullable(),
  says: z.string(),
});
const endSchema = z.looseObject({
  at: instant,
  by: z.string(),
  due: instant,
  outcome: z.enum(['done', 'failed', 'broken']),
  says: z.string(),
  incident: z.string().nullable(),
});
const scheduleSchema: z.ZodType<Schedule> = z.object({
  text: z.string(),
  timeZone: z.string(),
  fields: z.object({
    seconds: numbers,
    minutes: numbers,
    hours: numbers,
    daysOfMonth: numbers,
    months: numbers,
    daysOfWeek: numbers,
  }),
});
const inForceSchema = z.looseObject({ at: instant, schedule: scheduleSchema.nullable() });

const at = z.number();
const claimed = z.looseObject({
  job: z.enum(JOB_NAMES),
  due: at,
  at,
  by: z.string(),
  from: at,
  count: z.number(),
  what: z.enum(['begun', 'skipped', 'missed']),
  askedBy: z.string().nullable(),
  says: z.string(),
});
const ended = z.looseObject({
  job: z.enum(JOB_NAMES),
  due: at,
  at,
  by: z.string(),
  outcome: z.enum(['done', 'failed', 'broken']),
  says: z.string(),
  incident: z.string().nullable(),
});

/** As a daemon answers with them (`GET /v1/runs`): instants in ms since the epoch. */
export const runListSchema = z
  .object({ runs: z.array(z.object({ claim: claimed, end: ended.nullable() })) })
  .transform((body): readonly Run[] => body.runs);

export type RunRecord =
  | { readonly kind: 'claim'; readonly claim: RunClaim }
  | { readonly kind: 'end'; readonly end: RunEnd };

export const runKey = (job: JobName, due: number): string => `${runKeyPrefix}${job}/${rfc3339(due)}`;

export const formatClaim = ({ job, due, at, from, ...rest }: RunClaim): KeptRecord => ({
  key: runKey(job, due),
  value: { v: 1, ...rest, due: rfc3339(due), at: rfc3339(at), from: rfc3339(from) },
});

export const formatEnd = ({ job, due, at, ...rest }: RunEnd): KeptRecord => ({
  key: runKey(job, due) + endedSuffix,
  value: { v: 1, ...rest, due: rfc3339(due), at: rfc3339(at) },
});

export const formatInForce = ({ job, at, schedule }: InForce, by: string): KeptRecord => ({
  key: `${inForceKeyPrefix}${job}/${rfc3339(at)}`,
  value: { v: 1, at: rfc3339(at), by, schedule },
});

/** Null for what is no such record. */
export function parseRun({ key, value }: KeptRecord): RunRecord | null {
  const job = jobOf(key, runKeyPrefix);
  if (job === null) return null;
  if (key.endsWith(endedSuffix)) {
    const end = endSchema.safeParse(value).data;
    if (end === undefined) return null;
    const { due, at, by, outcome, says, incident } = end;
    return { kind: 'end', end: { job, due, at, by, outcome, says, incident } };
  }
  const claim = claimSchema.safeParse(value).data;
  if (claim === undefined) return null;
  const { due, at, by, from, count, what, askedBy, says } = claim;
  return { kind: 'claim', claim: { job, due, at, by, from, count, what, askedBy, says } };
}

/** Null for what is no such record. */
export function parseInForce({ key, value }: KeptRecord): InForce | null {
  const job = jobOf(key, inForceKeyPrefix);
  const read = inForceSchema.safeParse(value).data;
  return job === null || read === undefined ? null : { job, at: read.at, schedule: read.schedule };
}

function jobOf(key: string, prefix: string): JobName | null {
  const [name] = key.slice(prefix.length).split('/');
  return key.startsWith(prefix) ? (JOB_NAMES.find((job) => job === name) ?? null) : null;
}

const rfc3339 = (at: number): string => new Date(at).toISOString();
