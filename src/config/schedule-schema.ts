/** Schedules as they are written: a cron text, read by node-cron, and the zone whose clocks it means. */
import { validateDetailed } from 'node-cron';
import { z } from 'zod';
import type { CronFields, DrillPlan, Jobs, Schedule } from '../core/sla/schedule/schedule.ts';
import { dayMs, minute } from '../core/units.ts';
import { isTimeZone } from './contract-schema.ts';
import { fieldProblem } from './problem.ts';
import { duration } from './quantity.ts';

const howToWrite =
  'write six fields (second minute hour day month weekday), like "0 0 6 1 * *" for the first of each month at six';

const cronText = () =>
  z
    .string()
    .max(200, 'is longer than a schedule is')
    .transform((text, context) => {
      const read = readCron(text);
      if (typeof read !== 'string') return { text, fields: read };
      context.addIssue(fieldProblem(read, howToWrite));
      return z.NEVER;
    });

/** The fields, or why it is none. */
function readCron(text: string): CronFields | string {
  const { valid, fields, errors } = validateDetailed(text);
  if (!valid || fields === undefined) return `is not a schedule: ${errors[0]?.message ?? 'cannot be read'}`;
  const { second, minute: minutes, hour, dayOfMonth, month, dayOfWeek } = fields;
  const days = [...dayOfMonth, ...dayOfWeek].filter((each) => typeof each === 'string');
  if (days.length > 0) return `has ${days.join(', ')}, which is not supported: name days by number`;
  const sorted = (values: readonly (number | string)[]) => [...new Set(values.map(Number))].toSorted((a, b) => a - b);
  return {
    seconds: sorted(second),
    minutes: sorted(minutes),
    hours: sorted(hour),
    daysOfMonth: sorted(dayOfMonth),
    months: sorted(month),
    daysOfWeek: sorted(dayOfWeek),
  };
}

const zone = () =>
  z
    .string()
    .refine(isTimeZone, { error: 'not a time zone', params: { mend: 'write an IANA name, like Europe/London' } })
    .default('UTC')
    .describe('IANA time zone whose clocks the schedule means');

const scheduled = ({
  schedule,
  zone: timeZone,
}: {
  readonly schedule: { readonly text: string; readonly fields: CronFields };
  readonly zone: string;
}): Schedule => ({ ...schedule, timeZone });

export const reportsSchema = z
  .strictObject({
    schedule: cronText().describe('when the reports of the months that are over are made, like "0 0 6 1 * *"'),
    zone: zone(),
  })
  .transform(scheduled);

export const drillSchema = z
  .strictObject({
    schedule: cronText().describe('when a drill may begin, like "0 0 4 * * 0"'),
    zone: zone(),
    window: duration(minute, dayMs).prefault('30m').describe('how long after that it may be carried out, like 30m'),
    announce: duration(0, 90 * dayMs)
      .prefault('7d')
      .describe('how long before it is announced as maintenance; one that is announced later is skipped'),
    candidate: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,19}$/, 'not the name of a member')
      .default('any')
      .describe('who takes over: a member, or any (the best standby)'),
  })
  .transform(
    (written): DrillPlan => ({
      schedule: scheduled(written),
      windowMs: written.window,
      announceMs: written.announce,
      candidate: written.candidate === 'any' ? null : written.candidate,
    }),
  );

export const jobsOf = (shared: {
  readonly reports?: Schedule | undefined;
  readonly drill?: DrillPlan | undefined;
}): Jobs => ({ reports: shared.reports ?? null, drill: shared.drill ?? null });
