/**
 * What was measured of a cluster's service, as rows of instants. What no row covers nobody measured: it is `unmeasured`,
 * never up. Rows of several observers may overlap; the worst that one of them saw is what counts.
 */
import { difference, type Interval, type Intervals, intersection, unionOf } from './intervals.ts';

/**
 * `down`: no write was acknowledged. `planned`: the same, by an operation that an operator asked for; it counts like any
 * other outage unless its time was announced as maintenance. `degraded`: it served, but read-only, or with nobody who
 * could take over.
 */
export type ServiceState = 'up' | 'degraded' | 'planned' | 'down';

export interface OutageRow extends Interval {
  readonly state: ServiceState;
  /** Ids of the sites that this was so for; null: all that the cluster serves. */
  readonly sites: readonly string[] | null;
}

/** Every measured instant is in exactly one of the three. */
export interface Measured {
  readonly up: Intervals;
  readonly degraded: Intervals;
  /** Planned or not. */
  readonly down: Intervals;
}

/** What one of `sites` went through, the worst of them at each instant; of all sites when it is null. */
export function measured(rows: readonly OutageRow[], sites: readonly string[] | null): Measured {
  const parts: Record<ServiceState, Interval[]> = { up: [], degraded: [], planned: [], down: [] };
  const mine = sites === null ? null : new Set(sites);
  for (const row of rows)
    if (mine === null || row.sites === null || row.sites.some((site) => mine.has(site))) parts[row.state].push(row);
  const down = unionOf([...parts.down, ...parts.planned]);
  const degraded = difference(unionOf(parts.degraded), down);
  return { up: difference(difference(unionOf(parts.up), down), degraded), degraded, down };
}

/** The part of it in `time`. */
export const within = ({ up, degraded, down }: Measured, time: Intervals): Measured => ({
  up: intersection(up, time),
  degraded: intersection(degraded, time),
  down: intersection(down, time),
});
