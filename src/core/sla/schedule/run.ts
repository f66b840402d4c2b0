/**
 * What is on record of the runs of a job. A run is claimed by a record under its due instant, which only one member can
 * create, before anything is done; a second record says how it ended.
 */
import type { JobName, Schedule } from './schedule.ts';
import { dueInstants } from './due-instants.ts';

/** Instants in ms since the epoch. */
export interface RunClaim {
  readonly job: JobName;
  readonly due: number;
  readonly at: number;
  /** The member that claimed it; for what a person asked for, still the member. */
  readonly by: string;
  /** The first due instant that this one stands for, and how many they are: 1, unless some were missed. */
  readonly from: number;
  readonly count: number;
  /** `begun`: being carried out. The others are the end of it: nothing is done at these instants. */
  readonly what: 'begun' | 'skipped' | 'missed';
  /** Who asked for it; null when the schedule did. */
  readonly askedBy: string | null;
  /** Why it was skipped or missed, or why it was asked for. */
  readonly says: string;
}

export interface RunEnd {
  readonly job: JobName;
  readonly due: number;
  readonly at: number;
  readonly by: string;
  /** `broken`: whoever began it did not say how it ended. */
  readonly outcome: 'done' | 'failed' | 'broken';
  readonly says: string;
  /** The incident that recorded a drill. */
  readonly incident: string | null;
}

export interface Run {
  readonly claim: RunClaim;
  readonly end: RunEnd | null;
}

/** From when on a schedule was in force: what was due before nobody had asked for. */
export interface InForce {
  readonly job: JobName;
  readonly at: number;
  /** Null: taken out of the configuration. */
  readonly schedule: Schedule | null;
}

/** Oldest first. An end without a claim is nothing. */
export function runsOf(claims: Iterable<RunClaim>, ends: Iterable<RunEnd>): readonly Run[] {
  const ended = new Map([...ends].map((end) => [`${end.job}/${end.due}`, end]));
  return [...claims]
    .map((claim) => ({ claim, end: ended.get(`${claim.job}/${claim.due}`) ?? null }))
    .toSorted((one, other) => one.claim.due - other.claim.due);
}

/** More are found when these have been dealt with. */
const dueMax = 1_000;

/**
 * What was due up to `now` and is in no record: by each schedule while it was in force. Whoever deals with an instant
 * has dealt with all before it, so only what is later than the newest record is looked for.
 */
export function unhandled(
  job: JobName,
  history: readonly InForce[],
  runs: readonly Run[],
  now: number,
): readonly number[] {
  const newest = runs.reduce(
    (last, { claim }) => (claim.askedBy === null ? Math.max(last, claim.due) : last),
    -Infinity,
  );
  const mine = history.filter((each) => each.job === job).toSorted((one, other) => one.at - other.at);
  return mine
    .flatMap(({ at, schedule }, index) => {
      const until = Math.min(now, mine[index + 1]?.at ?? now);
      return schedule === null ? [] : dueInstants(schedule, Math.max(at, newest), until, dueMax);
    })
    .slice(0, dueMax);
}
