/** What all contracts and sites of a cluster come to: in a month, or as it stands now. */
import type { Contract, Site } from '../contract.ts';
import { dayMs } from '../../units.ts';
import { type Announcement, covering } from '../maintenance/announcement.ts';
import { type Account, account } from './account.ts';
import type { Interval } from './intervals.ts';
import { measured, type OutageRow } from './outage-row.ts';
import { type SiteAccount, siteAccount } from './site-account.ts';
import { type MonthText, monthSpan, monthsOf } from './zone.ts';

export interface SlaReport {
  readonly cluster: string;
  /** Milliseconds since the epoch; what is later has not been yet. */
  readonly asOf: number;
  /** The calendar month, each contract's in its own zone. */
  readonly month: MonthText;
  /** One for each version of a contract that was in force. */
  readonly contracts: readonly Account[];
  /** The month in the zone of a contract that covers the site; in UTC where none does. */
  readonly sites: readonly SiteAccount[];
}

export interface Ledgered {
  readonly cluster: string;
  readonly sites: readonly Site[];
  readonly contracts: readonly Contract[];
  readonly maintenance: readonly Announcement[];
  /** The rows that touch a time. */
  rows(from: number, to: number): readonly OutageRow[];
}

/** `month` null: the one that `asOf` is in. Throws RangeError for what is no month. */
export function slaReport(ledgered: Ledgered, asOf: number, month: MonthText | null): SlaReport {
  const { cluster, sites, contracts, maintenance } = ledgered;
  const wanted = month ?? new Date(asOf).toISOString().slice(0, 7);
  return {
    cluster,
    asOf,
    month: wanted,
    contracts: contracts.flatMap((contract) => {
      const span = spanOf(contract, asOf, wanted, month === null);
      const whole = monthsOf(contract.timeZone, span).map((each) => monthSpan(contract.timeZone, each));
      const rows = ledgered.rows(Math.min(span.from, ...whole.map(({ from }) => from)), span.to);
      const facts = { measured: measured(rows, contract.sites), maintenance: covering(maintenance, contract), asOf };
      return account(contract, span, facts) ?? [];
    }),
    sites: sites.map((site) => {
      const timeZone = contracts.find((contract) => contract.sites.includes(site.id))?.timeZone ?? 'UTC';
      const span = monthSpan(timeZone, wanted);
      return siteAccount(site, measured(ledgered.rows(span.from, span.to), [site.id]), span, asOf);
    }),
  };
}

/** A rolling window ends now; of a month that was asked for it ends with the month. */
export function spanOf(
  { availability, timeZone }: Contract,
  asOf: number,
  month: MonthText,
  current: boolean,
): Interval {
  const calendar = current ? (monthsOf(timeZone, { from: asOf, to: asOf + 1 })[0] ?? month) : month;
  const span = monthSpan(timeZone, calendar);
  if (availability?.window.kind !== 'rolling') return span;
  const to = Math.min(span.to, asOf);
  return { from: to - availability.window.days * dayMs, to };
}
