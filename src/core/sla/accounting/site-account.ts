/** What a site went through over a span of time, at every hour and whatever was promised to anybody. */
import type { Ms } from '../../units.ts';
import type { Site } from '../contract.ts';
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
}

/** `seen`: what this site went through, over the span at least. Nothing is known of what is later than `asOf`. */
export function siteAccount({ id, name }: Site, seen: Measured, span: Interval, asOf: number): SiteAccount {
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
  };
}
