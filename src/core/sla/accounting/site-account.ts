/** What a site went through over a span of time, at every hour, and what is left there of what was promised. */
import type { Ms } from '../../units.ts';
import type { Site, SiteService } from '../contract.ts';
import type { Account, TargetAccount } from './account.ts';
import { type Interval, lengthMs, unionOf } from './intervals.ts';
import { type Measured, within } from './outage-row.ts';

export interface SiteAccount {
  readonly site: string;
  readonly name: string;
  /** Until now, of a span that is not over: the sum of the next four. */
  readonly elapsedMs: Ms;
  readonly upMs: Ms;
  readonly degradedMs: Ms;
  readonly downMs: Ms;
  readonly unmeasuredMs: Ms;
  readonly outages: number;
  /** What it uses, and its downtime weighed by that; as if it used one of weight 1 where nobody said. */
  readonly services: readonly SiteService[];
  readonly weighedDownMs: Ms;
  /** What each version of a contract that covers it comes to there, as if it were the contract's only site. */
  readonly promises: readonly SitePromise[];
}

export interface SitePromise {
  readonly contract: string;
  readonly contractVersion: number;
  /** Downtime in service hours that counts, and that in announced maintenance. */
  readonly countedMs: Ms;
  readonly excludedMs: Ms;
  /** Null when no availability was agreed, or there are no service hours in the span. */
  readonly target: TargetAccount | null;
}

export const sitePromise = ({ contract, contractVersion, countedMs, excludedMs, target }: Account): SitePromise => ({
  contract,
  contractVersion,
  countedMs,
  excludedMs,
  target,
});

/** `seen`: what this site went through, over the span at least. Nothing is known of what is later than `asOf`. */
export function siteAccount(
  { id, name, services = [] }: Site,
  seen: Measured,
  span: Interval,
  asOf: number,
  promises: readonly SitePromise[] = [],
): SiteAccount {
  const elapsed = unionOf([{ from: span.from, to: Math.min(span.to, asOf) }]);
  const { up, degraded, down } = within(seen, elapsed);
  const sums = {
    elapsedMs: lengthMs(elapsed),
    upMs: lengthMs(up),
    degradedMs: lengthMs(degraded),
    downMs: lengthMs(down),
  };
  return {
    site: id,
    name,
    ...sums,
    unmeasuredMs: sums.elapsedMs - sums.upMs - sums.degradedMs - sums.downMs,
    outages: down.length,
    services,
    weighedDownMs: sums.downMs * (services.length === 0 ? 1 : services.reduce((sum, { weight }) => sum + weight, 0)),
    promises,
  };
}
