/** When something is due again and again: a cron text that was read, and the time zone whose clocks it means. */
export interface Schedule {
  /** As it is written in the configuration. */
  readonly text: string;
  /** IANA name. */
  readonly timeZone: string;
  readonly fields: CronFields;
}

/** What each field allows, in order, none empty. A moment is due when all six allow it. */
export interface CronFields {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** From 1. */
  readonly daysOfMonth: readonly number[];
  /** From 1. */
  readonly months: readonly number[];
  /** 0 is Sunday. */
  readonly daysOfWeek: readonly number[];
}

/** What a cluster does by itself at set times; null: not. */
export interface Jobs {
  readonly reports: Schedule | null;
  readonly drill: DrillPlan | null;
}

export interface DrillPlan {
  readonly schedule: Schedule;
  /** The drill is carried out within so long after it is due, or not at all. */
  readonly windowMs: number;
  /** How long before that it has to be announced. */
  readonly announceMs: number;
  /** Who takes over; null: the best standby. */
  readonly candidate: string | null;
}

export const noJobs: Jobs = { reports: null, drill: null };

export type JobName = keyof Jobs;
export const JOB_NAMES: readonly JobName[] = ['reports', 'drill'];

export const scheduleOf = (jobs: Jobs, job: JobName): Schedule | null =>
  job === 'reports' ? jobs.reports : (jobs.drill?.schedule ?? null);
