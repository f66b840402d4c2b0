/** The sets of instants that an account is the sum of: what was in service hours, seen, let pass, and counts. */
import type { Contract } from '../contract.ts';
import { excluded, type Maintenance } from './exclusion.ts';
import { difference, type Interval, type Intervals, intersection, unionOf } from './intervals.ts';
import { type Measured, within } from './outage-row.ts';
import { serviceTime } from './service-time.ts';
import { monthSpan, monthsOf } from './zone.ts';

export interface Facts {
  /** What the sites of the contract went through, over every month that the span touches. */
  readonly measured: Measured;
  readonly maintenance: readonly Maintenance[];
  /** Until when there can be rows: what is later has not been yet. Milliseconds since the epoch. */
  readonly asOf: number;
}

export interface AccountParts {
  /** The part of what was asked for in which this version of the contract was in force. */
  readonly span: Interval;
  /** Service hours in the span, and those of them that are over. */
  readonly service: Intervals;
  readonly elapsed: Intervals;
  /** What was measured in `elapsed`. */
  readonly seen: Measured;
  /** Downtime in announced maintenance, and downtime that counts. */
  readonly passed: Intervals;
  readonly counted: Intervals;
}

/** Null when this version of the contract was in force at no time of `asked`. */
export function accountParts(
  contract: Contract,
  asked: Interval,
  { measured, maintenance, asOf }: Facts,
): AccountParts | null {
  const span = intersection([asked], [termOf(contract)])[0];
  if (span === undefined) return null;
  const past = { from: span.from, to: Math.max(span.from, Math.min(span.to, asOf)) };
  // The cap of a month is used up by what came before the span in the same month, too.
  const months = monthsOf(contract.timeZone, span);
  const hours = serviceTime(contract, enclosing(contract, span, months));
  const service = intersection(hours, [span]);
  const elapsed = intersection(service, unionOf([past]));
  const seen = within(measured, elapsed);
  const passed = intersection(excluded(contract, months, intersection(measured.down, hours), maintenance), elapsed);
  return { span, service, elapsed, seen, passed, counted: difference(seen.down, passed) };
}

function termOf({ validFrom, validTo }: Contract): Interval {
  return {
    from: validFrom === null ? -Infinity : Date.parse(validFrom),
    to: validTo === null ? Infinity : Date.parse(validTo),
  };
}

function enclosing({ timeZone }: Contract, span: Interval, months: readonly string[]): Interval {
  const whole = months.map((month) => monthSpan(timeZone, month));
  return { from: Math.min(span.from, ...whole.map(({ from }) => from)), to: span.to };
}
