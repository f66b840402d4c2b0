/** What all contracts and sites of a cluster come to: in a month, between two instants, or as it stands now. */
import type { Contract, Site } from '../contract.ts';
import { dayMs } from '../../units.ts';
import { type Announcement, covering } from '../maintenance/announcement.ts';
import { type Account, account } from './account.ts';
import type { Interval } from './intervals.ts';
import { measured, type OutageRow } from './outage-row.ts';
import { type SiteAccount, type SitePromise, siteAccount, sitePromise } from './site-account.ts';
import { type MonthText, monthSpan, monthsOf } from './zone.ts';

/** What somebody wants to know. Of the month that goes on, rolling windows are as they stand now. */
export type Asked =
  | { readonly kind: 'this-month' }
  | { readonly kind: 'month'; readonly month: MonthText }
  /** Whatever months and windows the contracts are judged by. Instants in ms since the epoch. */
  | ({ readonly kind: 'window' } & Interval);

export interface SlaReport {
  readonly cluster: string;
  /** Milliseconds since the epoch; what is later has not been yet. */
  readonly asOf: number;
  /** The calendar month, each contract's in its own zone; null when a window was asked for. */
  readonly month: MonthText | null;
  readonly window: Interval | null;
  /** The month or window was not over at `asOf`, in one zone at least. */
  readonly provisional: boolean;
  /** One for each version of a contract that was in force. */
  readonly contracts: readonly Account[];
  /** The month in the zone of a contract that covers the site; in UTC where none does. Promises as those contracts count. */
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

/** Throws RangeError for what is no month. */
export function slaReport(ledgered: Ledgered, asOf: number, asked: Asked): SlaReport {
  const { cluster, sites, contracts } = ledgered;
  const accounted = sites.map((site) => siteOf(ledgered, site, asOf, asked));
  return {
    cluster,
    asOf,
    month: asked.kind === 'window' ? null : monthAsked(asked, asOf),
    window: asked.kind === 'window' ? { from: asked.from, to: asked.to } : null,
    provisional: ['UTC', ...contracts.map(({ timeZone }) => timeZone)].some((zone) => asOf < calendarEnd(zone, asked)),
    contracts: contracts.flatMap((contract) => {
      const span = spanAsked(contract, asOf, asked);
      const maintenance = covering(ledgered.maintenance, contract);
      const seen = measured(rowsFor(ledgered, contract, span), contract.sites);
      return account(contract, span, { measured: seen, maintenance, asOf }) ?? [];
    }),
    sites: accounted,
  };
}

function siteOf(ledgered: Ledgered, site: Site, asOf: number, asked: Asked): SiteAccount {
  const mine = ledgered.contracts.filter((contract) => contract.sites.includes(site.id));
  const timeZone = mine[0]?.timeZone ?? 'UTC';
  const span = asked.kind === 'window' ? asked : monthSpan(timeZone, monthAsked(asked, asOf));
  const promises = mine.flatMap((contract): SitePromise | readonly [] => {
    // As if it were the contract's only one: what the others went through is not its.
    const alone = { ...contract, sites: [site.id] };
    const own = spanAsked(contract, asOf, asked);
    const maintenance = covering(ledgered.maintenance, alone);
    const seen = measured(rowsFor(ledgered, contract, own), alone.sites);
    const whole = account(alone, own, { measured: seen, maintenance, asOf });
    return whole === null ? [] : sitePromise(whole);
  });
  return siteAccount(site, measured(ledgered.rows(span.from, span.to), [site.id]), span, asOf, promises);
}

/** Back to where the first month of the span begins: what came before the span in it may have used up its cap. */
function rowsFor(ledgered: Ledgered, { timeZone }: Contract, span: Interval): readonly OutageRow[] {
  const [first] = monthsOf(timeZone, span);
  return ledgered.rows(first === undefined ? span.from : Math.min(span.from, monthSpan(timeZone, first).from), span.to);
}

const monthAsked = (asked: Exclude<Asked, { kind: 'window' }>, asOf: number): MonthText =>
  asked.kind === 'month' ? asked.month : new Date(asOf).toISOString().slice(0, 7);

function spanAsked(contract: Contract, asOf: number, asked: Asked): Interval {
  if (asked.kind === 'window') return { from: asked.from, to: asked.to };
  return spanOf(contract, asOf, monthAsked(asked, asOf), asked.kind === 'this-month');
}

function calendarEnd(timeZone: string, asked: Asked): number {
  if (asked.kind === 'window') return asked.to;
  return asked.kind === 'this-month' ? Infinity : monthSpan(timeZone, asked.month).to;
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
