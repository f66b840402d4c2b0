/** Reports as CSV by RFC 4180: one row for each version of a contract's terms, durations in whole milliseconds. */
import { percentText } from '../accounting/account-text.ts';
import type { ContractReport } from './contract-report.ts';
import { instantText } from './report-facts.ts';

const heads = [
  'cluster',
  'contract',
  'version',
  'customer',
  'month',
  'from',
  'to',
  'as_of',
  'provisional',
  'service_ms',
  'elapsed_ms',
  'up_ms',
  'degraded_ms',
  'counted_ms',
  'excluded_ms',
  'unmeasured_ms',
  'outages',
  'longest_ms',
  'target_percent',
  'availability_at_least_percent',
  'availability_at_most_percent',
  'budget_ms',
  'left_ms',
  'outcome',
  'credit_percent',
  'loss',
  'near_misses',
  'smallest_headroom_ms',
] as const;

/** Every line ends with CR LF. */
export const reportCsv = (reports: readonly ContractReport[]): string =>
  [heads, ...reports.flatMap(rowsOf)].map((row) => `${row.map(cell).join(',')}\r\n`).join('');

const rowsOf = (report: ContractReport): readonly (readonly (string | number)[])[] =>
  report.accounts.map((account) => {
    const { target } = account;
    return [
      report.cluster,
      report.contract,
      account.contractVersion,
      report.customer,
      report.month,
      instantText(account.span.from),
      instantText(account.span.to),
      instantText(report.asOf),
      String(account.provisional),
      account.serviceMs,
      account.elapsedMs,
      account.upMs,
      account.degradedMs,
      account.countedMs,
      account.excludedMs,
      account.unmeasuredMs,
      account.outages,
      account.longestMs,
      target?.targetPercent ?? '',
      target === null ? '' : percentText(target.atLeast).replace(' %', ''),
      target === null ? '' : percentText(target.atMost).replace(' %', ''),
      target?.budgetMs ?? '',
      target?.leftMs ?? '',
      target?.outcome ?? '',
      target?.creditPercent ?? '',
      report.loss,
      report.nearMisses?.count ?? '',
      report.nearMisses?.smallestHeadroomMs ?? '',
    ];
  });

function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = value.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');
  // A spreadsheet takes a text that begins like this for a formula, and would carry it out.
  const harmless = /^[=+\-@]/.test(text) && text !== '-' ? `'${text}` : text;
  return /[",]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
