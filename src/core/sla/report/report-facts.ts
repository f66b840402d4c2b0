/** What every form of a report says, as pairs of name and value: Markdown and HTML show the same words. */
import { absurd } from '../../result.ts';
import type { Ms } from '../../units.ts';
import { percentText } from '../accounting/account-text.ts';
import type { Account } from '../accounting/account.ts';
import { durationText } from '../timeline-text.ts';
import type { ContractReport, ReportedIncident, ReportedWindow } from './contract-report.ts';

export const reportTitle = ({ customer, contract, month }: ContractReport): string =>
  `Service report ${month}: ${customer} (${contract})`;

/** Said above everything else while the month is not over. */
export const provisionalText = ({ provisional, asOf }: ContractReport): string | null =>
  provisional ? `Provisional: the month is not over; numbers are as of ${instantText(asOf)}.` : null;

export function outcomeText({ target, provisional }: Account): string {
  if (target === null) return 'no availability was promised';
  switch (target.outcome) {
    case 'met':
      return 'met';
    case 'missed':
      return 'MISSED';
    case 'open':
      return 'within the budget so far';
    case 'unmeasured':
      return `cannot be said${provisional ? ' yet' : ''}: it depends on what was while nobody measured`;
    default:
      return absurd(target.outcome);
  }
}

export function accountFacts(account: Account): readonly (readonly [name: string, value: string])[] {
  const { target } = account;
  const least = target === null ? null : percentText(target.atLeast);
  const most = target === null ? null : percentText(target.atMost);
  return [
    ['Version of the terms', String(account.contractVersion)],
    ...(target === null
      ? []
      : ([
          ['Availability', least === most ? `${most}` : `between ${least} and ${most}`],
          ['Promised', `${target.targetPercent} %`],
        ] as const)),
    ['Outcome', outcomeText(account)],
    ['Outages that count', outagesText(account)],
    ['Announced maintenance, not counted', durationText(account.excludedMs)],
    ['Degraded, counted as up', durationText(account.degradedMs)],
    ['Not measured', durationText(account.unmeasuredMs)],
    ['Service hours', durationText(account.serviceMs)],
    ...(target === null
      ? []
      : ([
          ['Downtime budget', budgetText(target.budgetMs, target.leftMs)],
          ['Credit', target.creditPercent === 0 ? 'none' : `${target.creditPercent} % of the fee`],
        ] as const)),
  ];
}

const outagesText = ({ outages, countedMs, longestMs }: Account): string =>
  outages === 0 ? 'none' : `${outages}: ${durationText(countedMs)} in all, the longest ${durationText(longestMs)}`;

const budgetText = (budgetMs: Ms, leftMs: Ms): string =>
  `${durationText(budgetMs)}, ${leftMs < 0 ? `OVER BY ${durationText(-leftMs)}` : `${durationText(leftMs)} left`}`;

/** One sentence; empty where nobody kept near misses. They are the cluster's: every contract on it is told the same. */
export function nearMissText({ nearMisses }: ContractReport): string {
  if (nearMisses === null) return '';
  const { count, smallestHeadroomMs, rule } = nearMisses;
  if (count === 0) return 'Near misses of the cluster: none.';
  const closest =
    smallestHeadroomMs === null
      ? 'none of them was on the way to a failover'
      : `the closest had ${durationText(smallestHeadroomMs)} left (${rule ?? 'no rule'})`;
  return `Near misses of the cluster: ${count}; ${closest}.`;
}

export const incidentHeads = ['Incident', 'Kind', 'From (UTC)', 'Outage', 'Verdict', 'Lost'] as const;

export const incidentCells = (incident: ReportedIncident): readonly string[] => [
  incident.id,
  incident.kind,
  incident.from === null ? 'not known' : shortInstant(incident.from),
  incident.outageMs === null ? 'not known' : durationText(incident.outageMs),
  `${incident.outcome === 'breached' ? 'BREACHED' : incident.outcome} (version ${incident.contractVersion})`,
  lostText(incident),
];

const lostText = ({ nothingLost, lostBytesMax, lostRows }: ReportedIncident): string => {
  if (nothingLost) return 'nothing';
  const bytes = lostBytesMax === null ? [] : [`at most ${lostBytesMax} bytes`];
  return [...bytes, ...(lostRows === undefined ? [] : [lostRows])].join(': ') || 'not known';
};

export const windowHeads = ['Window (UTC)', 'Announced (UTC)', 'Reason', 'Excluded'] as const;

export const windowCells = (window: ReportedWindow): readonly string[] => [
  `${shortInstant(instantText(window.from))} to ${shortInstant(instantText(window.to))}`,
  shortInstant(instantText(window.announcedAt)),
  window.reason === '' ? '-' : window.reason,
  `${window.excluded ? 'yes' : 'no'}: ${window.why}`,
];

/** What was left out, said; empty when nothing was. */
export function leftOutText({ leftOut }: ContractReport): string {
  const parts = Object.entries(leftOut).filter(([, count]) => count > 0);
  return parts.length === 0
    ? ''
    : `Not listed for want of room, but counted: ${parts.map(([what, count]) => `${count} ${what}`).join(', ')}.`;
}

export const instantText = (at: number): string => new Date(at).toISOString();
const shortInstant = (instant: string): string => instant.slice(0, 16).replace('T', ' ');
