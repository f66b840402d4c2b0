/**
 * Error-budget burn: a contract's budget is being used up faster than it can last. Two windows for each warning, as in
 * Google's Site Reliability Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts": the long one shows that it
 * matters, the short one that it goes on. A burn rate of 1 uses up the budget exactly by the end of its month.
 */
import { type Ms, minute } from '../../units.ts';
import { account } from '../accounting/account.ts';
import type { Facts } from '../accounting/account-parts.ts';
import { type Contract, inForce } from '../contract.ts';
import { durationText } from '../timeline-text.ts';

/** `page`: somebody has to act now. `ticket`: within the working day. */
export type BurnSeverity = 'page' | 'ticket';

export interface BurnWarning {
  readonly contract: string;
  readonly contractVersion: number;
  readonly customer: string;
  readonly severity: BurnSeverity;
  readonly longMs: Ms;
  /** Null: the contract allows no downtime at all, so any is too much. */
  readonly burnRate: number | null;
  /** A sentence. */
  readonly says: string;
}

const hourMs: Ms = 60 * minute;

/** The workbook's table for a target over a month: rate, both windows, and who is to hear of it. */
const rows: readonly { rate: number; longMs: Ms; shortMs: Ms; severity: BurnWarning['severity'] }[] = [
  { rate: 14.4, longMs: 1 * hourMs, shortMs: 5 * minute, severity: 'page' },
  { rate: 6, longMs: 6 * hourMs, shortMs: 30 * minute, severity: 'page' },
  { rate: 1, longMs: 72 * hourMs, shortMs: 6 * hourMs, severity: 'ticket' },
];

/** `facts.asOf` is now; what was measured must reach back to the beginning of the month in which the longest window begins. */
export function burnWarnings(contract: Contract, facts: Facts): readonly BurnWarning[] {
  if (contract.availability === null || !inForce(contract, facts.asOf)) return [];
  for (const { rate, longMs, shortMs, severity } of rows) {
    const long = burnRate(contract, facts, longMs);
    const short = burnRate(contract, facts, shortMs);
    if (long === null || short === null || long < rate || short < rate) continue;
    const burns = Number.isFinite(long) ? Math.floor(long * 10) / 10 : null;
    const over = `over the last ${durationText(longMs)}`;
    const says =
      burns === null
        ? `${contract.id} allows no downtime, and there was some ${over}`
        : `the downtime budget of ${contract.id} is used up ${burns} times as fast as it can last, ${over}`;
    const { id, version, customer } = contract;
    // The most urgent one says it all.
    return [{ contract: id, contractVersion: version, customer, severity, longMs, burnRate: burns, says }];
  }
  return [];
}

/** Null when there were no service hours to burn anything in. */
function burnRate(contract: Contract, facts: Facts, windowMs: Ms): number | null {
  const seen = account(contract, { from: facts.asOf - windowMs, to: facts.asOf }, facts);
  const allowed = 1 - (contract.availability?.targetPercent ?? 100) / 100;
  const ofMs = seen === null ? 0 : seen.elapsedMs - seen.excludedMs;
  if (seen === null || ofMs <= 0) return null;
  return allowed <= 0 ? (seen.countedMs > 0 ? Infinity : 0) : seen.countedMs / ofMs / allowed;
}

/** How far back `Facts` must reach for `burnWarnings`. */
export const burnLooksBackMs: Ms = Math.max(...rows.map(({ longMs }) => longMs));
