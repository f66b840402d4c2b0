/** While an outage goes on: which contract will be breached, and when. */
import { dayMs, type Ms } from '../units.ts';
import { serviceTime } from './accounting/service-time.ts';
import { excluded } from './accounting/exclusion.ts';
import { difference, type Intervals, intersection, lengthMs } from './accounting/intervals.ts';
import { monthsOf } from './accounting/zone.ts';
import { type Contract, inForce } from './contract.ts';
import type { Incident } from './incident.ts';
import { type Announcement, covering, type Terms } from './maintenance/announcement.ts';

export interface RunningBreach {
  readonly contract: string;
  readonly customer: string;
  /** The contract's `rto`, and how much of it is used up: time in service hours since t0. */
  readonly limitMs: Ms;
  readonly usedMs: Ms;
  /** When it is used up, RFC 3339; null when that is more than a week of service away. */
  readonly breachesAt: string | null;
  /** From now until then; negative when it was so long ago. */
  readonly inMs: Ms | null;
}

const horizonMs: Ms = 7 * dayMs;

/** The next breach first; empty when no write has failed, or writes are good again. `nowWall`: ms since the epoch. */
export function runningBreaches(
  { instants, state }: Incident,
  { sites, contracts, maintenance = [] }: Terms,
  nowWall: number,
): readonly RunningBreach[] {
  if (state !== 'open' || instants.t0 === null || instants.t7 !== null) return [];
  const began = Date.parse(instants.t0.wall);
  return contracts
    .filter((contract) => inForce(contract, began) && contract.sites.some((id) => sites.some((site) => site.id === id)))
    .map((contract) => {
      const until = Math.max(began, nowWall);
      const counting = countingTime(contract, began, until, maintenance);
      const at = usedUpAt(counting, contract.rtoMs);
      return {
        contract: contract.id,
        customer: contract.customer,
        limitMs: contract.rtoMs,
        usedMs: lengthMs(intersection(counting, [{ from: began, to: until }])),
        breachesAt: at === null ? null : new Date(at).toISOString(),
        inMs: at === null ? null : Math.round(at - nowWall),
      };
    })
    .toSorted((one, other) => (one.inMs ?? Infinity) - (other.inMs ?? Infinity));
}

/** Service hours from `began` on, as far as anybody looks, less the maintenance that the contract lets pass. */
function countingTime(
  contract: Contract,
  began: number,
  until: number,
  maintenance: readonly Announcement[],
): Intervals {
  const span = { from: began, to: Math.max(until, began + contract.rtoMs + horizonMs) };
  const hours = serviceTime(contract, span);
  const own = covering(maintenance, contract);
  if (own.length === 0) return hours;
  return difference(hours, excluded(contract, monthsOf(contract.timeZone, span), hours, own));
}

function usedUpAt(counting: Intervals, rtoMs: Ms): number | null {
  let leftMs = rtoMs;
  for (const { from, to } of counting) {
    if (to - from >= leftMs) return from + leftMs;
    leftMs -= to - from;
  }
  return null;
}
