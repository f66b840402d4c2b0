/**
 * What was measured of a cluster's service, as rows of instants. What no row covers nobody measured: it is `unmeasured`,
 * never up. Rows of several who measured may overlap and say different things:
 *
 * - What a person wrote down later counts before anything that was measured.
 * - What an observer at a third site saw counts before anything that a member saw.
 * - Of members, an acknowledged commit is a fact, and a failed one may be the fault of the way to the leader: a standby
 *   that is parted from a leader that serves sees an outage that nobody else has.
 */
import type { MeasuredBy } from '../incident.ts';
import { difference, type Interval, type Intervals, intersection, unionOf } from './intervals.ts';

/**
 * `down`: no write was acknowledged. `planned`: the same, by an operation that an operator asked for; it counts like any
 * other outage unless its time was announced as maintenance. `degraded`: it served, but read-only, or with nobody who
 * could take over.
 */
export type ServiceState = 'up' | 'degraded' | 'planned' | 'down';

export interface OutageRow extends Interval {
  readonly state: ServiceState;
  readonly by: MeasuredBy;
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
  const mine = sites === null ? null : new Set(sites);
  const [persons, observers, members] = [new Parts(), new Parts(), new Parts()];
  for (const row of rows)
    if (mine === null || row.sites === null || row.sites.some((site) => mine.has(site)))
      (row.by === 'person' ? persons : row.by === 'observer' ? observers : members).add(row);
  return before(persons.worstFirst(), before(observers.worstFirst(), members.servedFirst()));
}

/** Where `one` says anything, nobody asks what `rest` says. */
function before(one: Measured, rest: Measured): Measured {
  const said = unionOf([...one.up, ...one.degraded, ...one.down]);
  if (said.length === 0) return rest;
  return {
    up: unionOf([...one.up, ...difference(rest.up, said)]),
    degraded: unionOf([...one.degraded, ...difference(rest.degraded, said)]),
    down: unionOf([...one.down, ...difference(rest.down, said)]),
  };
}

class Parts {
  readonly #parts: Record<ServiceState, Interval[]> = { up: [], degraded: [], planned: [], down: [] };

  add(row: OutageRow): void {
    this.#parts[row.state].push(row);
  }

  worstFirst(): Measured {
    const { up, degraded, planned, down } = this.#parts;
    const isDown = unionOf([...down, ...planned]);
    const isDegraded = difference(unionOf(degraded), isDown);
    return { up: difference(difference(unionOf(up), isDown), isDegraded), degraded: isDegraded, down: isDown };
  }

  servedFirst(): Measured {
    const { up, degraded, planned, down } = this.#parts;
    const isDegraded = unionOf(degraded);
    const served = unionOf([...up, ...degraded]);
    return {
      up: difference(served, isDegraded),
      degraded: isDegraded,
      down: difference(unionOf([...down, ...planned]), served),
    };
  }
}

/** The part of it in `time`. */
export const within = ({ up, degraded, down }: Measured, time: Intervals): Measured => ({
  up: intersection(up, time),
  degraded: intersection(degraded, time),
  down: intersection(down, time),
});
