/** While an outage goes on: which contract will be breached, and when. */
import { type Ms, minute } from '../units.ts';
import { serviceTime } from './accounting/service-time.ts';
import { lengthMs } from './accounting/intervals.ts';
import { type Contract, inForce, type Promises } from './contract.ts';
import type { Incident } from './incident.ts';

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

const dayMs: Ms = 24 * 60 * minute;
const horizonMs: Ms = 7 * dayMs;

/** The next breach first; empty when no write has failed, or writes are good again. `nowWall`: ms since the epoch. */
export function runningBreaches(
  { instants, state }: Incident,
  { sites, contracts }: Promises,
  nowWall: number,
): readonly RunningBreach[] {
  if (state !== 'open' || instants.t0 === null || instants.t7 !== null) return [];
  const began = Date.parse(instants.t0.wall);
  return contracts
    .filter((contract) => inForce(contract, began) && contract.sites.some((id) => sites.some((site) => site.id === id)))
    .map((contract) => {
      const until = Math.max(began, nowWall);
      const at = usedUpAt(contract, began);
      return {
        contract: contract.id,
        customer: contract.customer,
        limitMs: contract.rtoMs,
        usedMs: lengthMs(serviceTime(contract, { from: began, to: until })),
        breachesAt: at === null ? null : new Date(at).toISOString(),
        inMs: at === null ? null : Math.round(at - nowWall),
      };
    })
    .toSorted((one, other) => (one.inMs ?? Infinity) - (other.inMs ?? Infinity));
}

function usedUpAt(contract: Contract, began: number): number | null {
  let leftMs = contract.rtoMs;
  for (const { from, to } of serviceTime(contract, { from: began, to: began + contract.rtoMs + horizonMs })) {
    if (to - from >= leftMs) return from + leftMs;
    leftMs -= to - from;
  }
  return null;
}
