/**
 * What a contract's availability comes to over a span of time, in whole milliseconds: every number follows from the
 * rows, the announced maintenance and the contract alone, and can be recomputed by whoever has them.
 *
 *   availability = 1 - counted / (service hours - excluded)
 *
 * Nobody knows what unmeasured time was, so there are two of it: at most, as if it had been up, and at least, as if it
 * had been down. A target is missed by what was seen, and met only by what is certain.
 */
import type { Ms } from '../../units.ts';
import type { Contract } from '../contract.ts';
import { accountParts, type Facts } from './account-parts.ts';
import { type Interval, lengthMs } from './intervals.ts';

export interface Account {
  readonly contract: string;
  readonly contractVersion: number;
  readonly customer: string;
  /** The contract's: hours and months are counted in it. */
  readonly timeZone: string;
  /** The part of what was asked for in which this version of the contract was in force. */
  readonly span: Interval;
  /** The span is not over: numbers are as of `asOf`, and the budget is of the whole span. */
  readonly provisional: boolean;
  /** Service hours in the whole span. */
  readonly serviceMs: Ms;
  /** Those that are over by `asOf`: the sum of the next five. */
  readonly elapsedMs: Ms;
  readonly upMs: Ms;
  /** It served, but read-only or exposed. Counts as up, and is reported apart. */
  readonly degradedMs: Ms;
  /** Downtime that counts. */
  readonly countedMs: Ms;
  /** Downtime in announced maintenance. */
  readonly excludedMs: Ms;
  readonly unmeasuredMs: Ms;
  /** How many times service went away in a way that counts. */
  readonly outages: number;
  readonly longestMs: Ms;
  /** Null when no availability was agreed, or there are no service hours in the span. */
  readonly target: TargetAccount | null;
}

export interface TargetAccount {
  readonly targetPercent: number;
  readonly atMost: Ratio;
  readonly atLeast: Ratio;
  /** Downtime that the target allows over the whole span, rounded down. */
  readonly budgetMs: Ms;
  /** Negative when more is used than there was. */
  readonly leftMs: Ms;
  /**
   * `open`: the span is not over and the budget is not used up. `unmeasured`: met or missed, depending on what was while
   * nobody measured.
   */
  readonly outcome: 'met' | 'missed' | 'open' | 'unmeasured';
  /** Share of the fee to be paid back for what was seen, by the worst band reached; 0 when none was. */
  readonly creditPercent: number;
}

/** `part` of `of`, both in whole milliseconds; nothing is rounded before it is shown. */
export interface Ratio {
  readonly part: Ms;
  readonly of: Ms;
}

/** Null when this version of the contract was in force at no time of `asked`. */
export function account(contract: Contract, asked: Interval, facts: Facts): Account | null {
  const parts = accountParts(contract, asked, facts);
  if (parts === null) return null;
  const { span, service, elapsed, seen, passed, counted } = parts;
  const sums = {
    serviceMs: lengthMs(service),
    elapsedMs: lengthMs(elapsed),
    upMs: lengthMs(seen.up),
    degradedMs: lengthMs(seen.degraded),
    countedMs: lengthMs(counted),
    excludedMs: lengthMs(passed),
  };
  const unmeasuredMs = sums.elapsedMs - sums.upMs - sums.degradedMs - sums.countedMs - sums.excludedMs;
  const provisional = facts.asOf < span.to;
  return {
    contract: contract.id,
    contractVersion: contract.version,
    customer: contract.customer,
    timeZone: contract.timeZone,
    span,
    provisional,
    ...sums,
    unmeasuredMs,
    outages: counted.length,
    longestMs: counted.reduce((longest, { from, to }) => Math.max(longest, to - from), 0),
    target: targetAccount(contract, { ...sums, unmeasuredMs, provisional }),
  };
}

type Sums = Pick<Account, 'serviceMs' | 'elapsedMs' | 'countedMs' | 'excludedMs' | 'unmeasuredMs' | 'provisional'>;

function targetAccount({ availability, creditBands }: Contract, sums: Sums): TargetAccount | null {
  const of = sums.elapsedMs - sums.excludedMs;
  const ofAll = sums.serviceMs - sums.excludedMs;
  if (availability === null || ofAll <= 0) return null;
  const { targetPercent } = availability;
  const budgetMs = ofAll - neededMs(targetPercent, ofAll);
  const atMost = { part: of - sums.countedMs, of };
  const band = creditBands.findLast(({ belowPercent }) => of > 0 && atMost.part < neededMs(belowPercent, of));
  return {
    targetPercent,
    atMost,
    atLeast: { part: of - sums.countedMs - sums.unmeasuredMs, of },
    budgetMs,
    leftMs: budgetMs - sums.countedMs,
    outcome: outcomeOf(sums, budgetMs),
    creditPercent: band?.creditPercent ?? 0,
  };
}

function outcomeOf({ countedMs, unmeasuredMs, provisional }: Sums, budgetMs: Ms): TargetAccount['outcome'] {
  if (countedMs > budgetMs) return 'missed';
  if (provisional) return 'open';
  return countedMs + unmeasuredMs > budgetMs ? 'unmeasured' : 'met';
}

/** Percentages are agreed with a few decimals; nobody has agreed on more than six. */
const millionths = 1e6;

/** The fewest whole milliseconds of `of` that are at least so many percent of it. Exact: no fraction is ever made. */
function neededMs(percent: number, of: Ms): Ms {
  const whole = 100n * BigInt(millionths);
  return Number((BigInt(of) * BigInt(Math.round(percent * millionths)) + whole - 1n) / whole);
}
