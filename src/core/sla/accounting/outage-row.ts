/**
 * What was measured of a cluster's service, as rows of instants. What no row covers nobody measured: it is `unmeasured`,
 * never up. Rows of several who measured may overlap and say different things:
 *
 * - What a person wrote down later counts before anything that was measured.
 * - What an observer at a third site saw counts before anything that a member saw.
 * - Of members, an acknowledged commit is a fact, and a failed one may be the fault of the way to the leader: a standby
 *   that is parted from a leader that serves sees an outage that nobody else has.
 */
import { absurd } from '../../result.ts';
import type { MeasuredBy } from '../incident.ts';
import { difference, inOrder, type Interval, type Intervals, intersection, unionOf } from './intervals.ts';

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

/** What one of `sites` went through, the worst of them at each instant. */
export function measured(rows: readonly OutageRow[], sites: readonly string[]): Measured {
  const mine = rows.filter((row) => row.sites === null || row.sites.some((site) => sites.includes(site)));
  if (sites.length === 1 || !mayDiffer(mine)) return believed(mine);
  // What is said of one site alone says nothing of the next: each has its own witnesses.
  return worst(sites.map((site) => believed(mine.filter((row) => row.sites === null || row.sites.includes(site)))));
}

/** Of sites that all these rows are about. */
function believed(rows: readonly OutageRow[]): Measured {
  const [persons, observers, members] = [new Parts(), new Parts(), new Parts()];
  for (const row of rows) (row.by === 'person' ? persons : row.by === 'observer' ? observers : members).add(row);
  return before(persons.worstFirst(), before(observers.worstFirst(), members.servedFirst()));
}

/** A row that is about some sites only is said beside another one. Most rows are about all sites, and side by side. */
function mayDiffer(rows: readonly OutageRow[]): boolean {
  if (rows.every((row) => row.sites === null)) return false;
  let [reached, someReached] = [-Infinity, -Infinity];
  for (const { from, to, sites } of inOrder(rows)) {
    if (from < (sites === null ? someReached : reached)) return true;
    reached = Math.max(reached, to);
    if (sites !== null) someReached = Math.max(someReached, to);
  }
  return false;
}

function worst(of: readonly Measured[]): Measured {
  const down = unionOf(of.flatMap((each) => each.down));
  const degraded = difference(unionOf(of.flatMap((each) => each.degraded)), down);
  const up = difference(difference(unionOf(of.flatMap((each) => each.up)), down), degraded);
  return { up, degraded, down };
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

/** In the order in which they came: rows are nearly in order of time, and what is needs no sorting. */
class Parts {
  readonly #served: Interval[] = [];
  readonly #degraded: Interval[] = [];
  readonly #away: Interval[] = [];

  add(row: OutageRow): void {
    switch (row.state) {
      case 'up':
        this.#served.push(row);
        return;
      case 'degraded':
        this.#served.push(row);
        this.#degraded.push(row);
        return;
      case 'planned':
      case 'down':
        this.#away.push(row);
        return;
      default:
        absurd(row.state);
    }
  }

  worstFirst(): Measured {
    const down = unionOf(this.#away);
    const degraded = difference(unionOf(this.#degraded), down);
    return { up: difference(difference(unionOf(this.#served), down), degraded), degraded, down };
  }

  servedFirst(): Measured {
    const [served, degraded] = [unionOf(this.#served), unionOf(this.#degraded)];
    return { up: difference(served, degraded), degraded, down: difference(unionOf(this.#away), served) };
  }
}

/** The part of it in `time`. */
export const within = ({ up, degraded, down }: Measured, time: Intervals): Measured => ({
  up: intersection(up, time),
  degraded: intersection(degraded, time),
  down: intersection(down, time),
});
