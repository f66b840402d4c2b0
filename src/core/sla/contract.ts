/**
 * What was promised to whom. A contract is a value with a version: an incident is judged by the contract that was in
 * force at its t0, and a later change of terms never changes an old verdict.
 */
import type { Ms } from '../units.ts';

/** A customer site that the cluster serves (a hospital trust). Never a data centre. */
export interface Site {
  /** Short and stable, `^[a-z][a-z0-9-]{0,39}$`: what contracts, incidents and messages refer to. */
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  /** What it uses of the cluster, each once. Left out: nobody said. */
  readonly services?: readonly SiteService[] | undefined;
}

export interface SiteService {
  /** As its users call it, like `patient records`. */
  readonly name: string;
  /** How much it matters to the site, from 1; an hour without one of weight 3 weighs three hours. */
  readonly weight: number;
}

export interface Contract {
  readonly id: string;
  /** Counts changes of the terms under one id, from 1. Two versions of an id must not be in force together. */
  readonly version: number;
  readonly customer: string;
  /** Ids of the sites it covers, at least one. */
  readonly sites: readonly string[];
  /** IANA name, like `Europe/London`. Service hours, holidays and calendar months are counted in it. */
  readonly timeZone: string;
  readonly serviceHours: ServiceHours;
  /** Days that have hours of their own instead of their weekday's, also where service is always. */
  readonly holidays: readonly Holiday[];
  /** Longest outage of one incident. An outage of exactly this length is met. */
  readonly rtoMs: Ms;
  /** Most WAL that one incident may lose, in bytes; 0: no acknowledged commit is lost. Null when nothing was agreed. */
  readonly rpoBytes: number | null;
  /** The same as time: how far back lost commits may reach. */
  readonly rpoMs: Ms | null;
  /** Longest time from the last good write until the failure was declared; null when nothing was agreed. */
  readonly detectionMs: Ms | null;
  /** Null when no availability was agreed. */
  readonly availability: AvailabilityTarget | null;
  readonly exclusions: Exclusions;
  /** Worst band last: `belowPercent` falls from one to the next. Empty when no credits were agreed. */
  readonly creditBands: readonly CreditBand[];
  /** RFC 3339 instant from which the terms hold (inclusive); null: always did. */
  readonly validFrom: string | null;
  /** RFC 3339 instant at which they end (exclusive); null: open-ended. */
  readonly validTo: string | null;
}

export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

/** Part of one local day in minutes since its midnight, end exclusive: 08:00-18:00 is 480-1080, at most 0-1440. */
export interface DayHours {
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** Hours over midnight are written as two parts, one on each day. A day without parts has no service. */
export type ServiceHours =
  | { readonly kind: 'always' }
  | { readonly kind: 'weekly'; readonly days: Readonly<Record<Weekday, readonly DayHours[]>> };

export interface Holiday {
  /** Local date, `2008-12-25`. */
  readonly date: string;
  /** Usually empty: no service on that day. */
  readonly hours: readonly DayHours[];
}

export interface AvailabilityTarget {
  /** Like 99.9, above 0 and at most 100, of the service hours in the window. */
  readonly targetPercent: number;
  readonly window: { readonly kind: 'calendar-month' } | { readonly kind: 'rolling'; readonly days: number };
}

/** When an outage does not count. Only what was announced in time, and only inside its announced window. */
export interface Exclusions {
  /** Null: maintenance is never excluded. */
  readonly maintenance: { readonly noticeDays: number; readonly capMsPerMonth: Ms } | null;
}

export interface CreditBand {
  /** Applies when the availability of the window was below this. */
  readonly belowPercent: number;
  /** Share of the window's fee that is paid back. */
  readonly creditPercent: number;
}

/** Whether its terms hold at an instant, in ms since the epoch. */
export const inForce = ({ validFrom, validTo }: Contract, at: number): boolean =>
  (validFrom === null || Date.parse(validFrom) <= at) && (validTo === null || at < Date.parse(validTo));

/** Ms since the epoch; minus infinity without a beginning, infinity without an end. */
export const startOf = ({ validFrom }: Contract): number => (validFrom === null ? -Infinity : Date.parse(validFrom));
export const endOf = ({ validTo }: Contract): number => (validTo === null ? Infinity : Date.parse(validTo));

/** Who is promised what. Contracts are those that rule: see contracts-in-force.ts. */
export interface Promises {
  readonly sites: readonly Site[];
  readonly contracts: readonly Contract[];
}
