/**
 * What one contract came to in one month, as one document: it is kept as it was when the month was over, and every form
 * in which people get it (Markdown, HTML, CSV, text) is made from it alone.
 */
import { accountParts } from '../accounting/account-parts.ts';
import { type Account, account } from '../accounting/account.ts';
import { type Interval, difference, unionOf } from '../accounting/intervals.ts';
import { measured } from '../accounting/outage-row.ts';
import { type Ledgered, spanOf } from '../accounting/report.ts';
import { type MonthText, monthSpan, monthsOf } from '../accounting/zone.ts';
import type { Contract, Site } from '../contract.ts';
import { type IncidentTail, isEmptyTail, tailText } from '../evidence/diverged-tail.ts';
import type { Incident, IncidentKind, VerdictOutcome } from '../incident.ts';
import { type NearMiss, type NearMissSum, sumOf } from '../near-miss/near-miss.ts';
import { covering } from '../maintenance/announcement.ts';
import { rulings } from '../maintenance/ruling.ts';
import { lossSentence, lostInMonth, type LostInMonth } from './loss-sentence.ts';

export interface ContractReport {
  readonly v: 1;
  readonly cluster: string;
  readonly contract: string;
  readonly customer: string;
  readonly month: MonthText;
  readonly timeZone: string;
  /** The whole month in the contract's zone. Instants are ms since the epoch. */
  readonly span: Interval;
  readonly asOf: number;
  /** The month was not over at `asOf`. */
  readonly provisional: boolean;
  readonly sites: readonly Site[];
  /** One for each version of the terms that was in force in the month. */
  readonly accounts: readonly Account[];
  /** Whatever was not plainly up, in order; what there was no room for is counted in `leftOut`. */
  readonly stretches: readonly Stretch[];
  /** Those that began in the month and were judged by this contract, oldest first. */
  readonly incidents: readonly ReportedIncident[];
  /** Windows announced for the month that touch this contract. */
  readonly maintenance: readonly ReportedWindow[];
  readonly leftOut: { readonly stretches: number; readonly incidents: number; readonly maintenance: number };
  /** Doubts of the cluster that healed in the month, not of this contract alone; null in reports from before they were kept. */
  readonly nearMisses: NearMissSum | null;
  /** One sentence: whether anything that a user saw saved was lost. */
  readonly loss: string;
  /** The same for machines; left out in reports from before it was kept. */
  readonly lost?: LostInMonth | undefined;
}

/** `counted`: downtime that counts. Only what is in service hours. */
export interface Stretch extends Interval {
  readonly what: 'counted' | 'excluded' | 'degraded' | 'unmeasured';
}

export interface ReportedIncident {
  readonly id: string;
  readonly kind: IncidentKind;
  /** RFC 3339; null when nobody saw it. */
  readonly from: string | null;
  readonly until: string | null;
  readonly outageMs: number | null;
  /** The version of the contract that judged it. */
  readonly contractVersion: number;
  readonly outcome: VerdictOutcome['kind'];
  /** No acknowledged commit can be missing, or none was in what the old primary alone had. */
  readonly nothingLost: boolean;
  /** Most bytes that may be; null when that is not known. */
  readonly lostBytesMax: number | null;
  /** What of it may have been saved, like `3 transactions with 5 rows in 1 table (public.notes)`; left out: nobody has read it. */
  readonly lostRows?: string | undefined;
}

export interface ReportedWindow extends Interval {
  readonly id: string;
  readonly announcedAt: number;
  readonly cancelledAt: number | null;
  readonly reason: string;
  readonly excluded: boolean;
  readonly why: string;
}

export interface Reported extends Ledgered {
  readonly incidents: readonly Incident[];
  readonly nearMisses: readonly NearMiss[];
  /** What an old primary alone had. Left out: nobody has found it. */
  readonly tailOf?: (incident: Incident) => IncidentTail | null;
}

/** A record holds 64 KiB: the longest stretches and the newest incidents and windows have room in it. */
const stretchesMax = 200;
const incidentsMax = 80;
const windowsMax = 30;
const reasonLengthMax = 200;

/** One for each contract of which a version was in force in the month. Throws RangeError for what is no month. */
export function contractReports(reported: Reported, asOf: number, month: MonthText): readonly ContractReport[] {
  const ids = [...new Set(reported.contracts.map(({ id }) => id))];
  return ids.flatMap((id) => {
    const versions = reported.contracts.filter((contract) => contract.id === id);
    return contractReport(reported, versions, asOf, month) ?? [];
  });
}

function contractReport(
  reported: Reported,
  versions: readonly Contract[],
  asOf: number,
  month: MonthText,
): ContractReport | null {
  const [newest] = versions.toSorted((one, other) => other.version - one.version);
  if (newest === undefined) return null;
  const accounted = versions.map((contract) => accountedOf(reported, contract, asOf, month));
  const known = accounted.filter((each) => each !== null);
  const incidents = incidentsOf(reported, newest, month);
  if (known.length === 0) return null;
  const stretches = known
    .flatMap((each) => each.stretches)
    .toSorted((one, other) => other.to - other.from - (one.to - one.from));
  const maintenance = windowsOf(reported, versions, month);
  const covered = new Set(versions.flatMap(({ sites }) => sites));
  const span = monthSpan(newest.timeZone, month);
  const unmeasuredMs = known.reduce((sum, { account: { unmeasuredMs: each } }) => sum + each, 0);
  return {
    v: 1,
    cluster: reported.cluster,
    contract: newest.id,
    customer: newest.customer,
    month,
    timeZone: newest.timeZone,
    span,
    asOf,
    provisional: asOf < span.to,
    sites: reported.sites.flatMap(({ id, name }) => (covered.has(id) ? [{ id, name }] : [])),
    accounts: known.map((each) => each.account),
    stretches: stretches.slice(0, stretchesMax).toSorted((one, other) => one.from - other.from),
    incidents: incidents.slice(-incidentsMax),
    maintenance: maintenance.slice(-windowsMax),
    leftOut: {
      stretches: Math.max(0, stretches.length - stretchesMax),
      incidents: Math.max(0, incidents.length - incidentsMax),
      maintenance: Math.max(0, maintenance.length - windowsMax),
    },
    nearMisses: sumOf(reported.nearMisses, span),
    loss: lossSentence(incidents, unmeasuredMs, asOf < span.to),
    lost: lostInMonth(incidents),
  };
}

interface Accounted {
  readonly account: Account;
  readonly stretches: readonly Stretch[];
}

function accountedOf(reported: Reported, contract: Contract, asOf: number, month: MonthText): Accounted | null {
  const span = spanOf(contract, asOf, month, false);
  const whole = monthsOf(contract.timeZone, span).map((each) => monthSpan(contract.timeZone, each));
  const calendar = monthSpan(contract.timeZone, month);
  const rows = reported.rows(Math.min(span.from, ...whole.map(({ from }) => from)), Math.max(span.to, calendar.to));
  const maintenance = covering(reported.maintenance, contract);
  const facts = { measured: measured(rows, contract.sites), maintenance, asOf };
  const summed = account(contract, span, facts);
  const parts = accountParts(contract, calendar, facts);
  if (summed === null || parts === null) return null;
  const { up, degraded, down } = parts.seen;
  const known = unionOf([...up, ...degraded, ...down]);
  const as = (what: Stretch['what']) => (each: Interval) => ({ what, ...each });
  return {
    account: summed,
    stretches: [
      ...parts.counted.map(as('counted')),
      ...parts.passed.map(as('excluded')),
      ...degraded.map(as('degraded')),
      ...difference(parts.elapsed, known).map(as('unmeasured')),
    ],
  };
}

function incidentsOf(
  { incidents, tailOf = () => null }: Reported,
  { id, timeZone }: Contract,
  month: MonthText,
): readonly ReportedIncident[] {
  const span = monthSpan(timeZone, month);
  return incidents.flatMap((incident) => {
    const { t0, t1, t7 } = incident.instants;
    const from = (t0 ?? t1)?.wall ?? null;
    const verdict = incident.verdicts.find(({ contract }) => contract === id);
    if (verdict === undefined || from === null || Date.parse(from) < span.from || Date.parse(from) >= span.to)
      return [];
    const tail = tailOf(incident);
    return [
      {
        id: incident.id,
        kind: incident.kind,
        from,
        until: t7?.wall ?? null,
        outageMs: incident.phases.outage,
        contractVersion: verdict.contractVersion,
        outcome: verdict.outcome.kind,
        nothingLost: incident.loss.provedNone || (tail !== null && isEmptyTail(tail)),
        lostBytesMax: incident.loss.bytesMax,
        ...(tail === null ? {} : { lostRows: tailText(tail) }),
      },
    ];
  });
}

function windowsOf(
  { maintenance }: Reported,
  versions: readonly Contract[],
  month: MonthText,
): readonly ReportedWindow[] {
  return maintenance.flatMap((announcement) => {
    const { id, from, to, announcedAt, cancelledAt, reason } = announcement;
    const contract = versions.find((each) => covering([announcement], each).length > 0);
    const ruling = contract === undefined ? undefined : rulings(announcement, versions)[0];
    if (contract === undefined || ruling === undefined) return [];
    const span = monthSpan(contract.timeZone, month);
    if (to <= span.from || from >= span.to) return [];
    const { excluded, why } = ruling;
    return [{ id, from, to, announcedAt, cancelledAt, reason: reason.slice(0, reasonLengthMax), excluded, why }];
  });
}
