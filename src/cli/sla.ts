/** `baton sla report` and `baton sla budget`: what the contracts come to, in a month or window or as it stands now. */
import { promisesIn } from './promises-of.ts';
import { err, ok, type Result } from '../core/result.ts';
import { percentText } from '../core/sla/accounting/account-text.ts';
import type { Account, TargetAccount } from '../core/sla/accounting/account.ts';
import { type Asked, type SlaReport, slaReport } from '../core/sla/accounting/report.ts';
import { reportText } from '../core/sla/accounting/report-text.ts';
import { correctionRows } from '../core/sla/case/correction-rows.ts';
import { columnsMax } from '../core/sla/text-layout.ts';
import { durationText } from '../core/sla/timeline-text.ts';
import type { Snapshot } from '../ports/coordinator.ts';
import { caseFilesOfKeys } from '../wire/case-entry.ts';
import { serviceKeyPrefix, parseServiceSheet } from '../wire/service-sheet.ts';
import { type AskedQuery, readAsked, slaReportSchema } from '../wire/sla.ts';
import { ask } from './ask.ts';
import { type Failure, usage } from './failure.ts';
import { orFromEtcd, type Sourced, sourceNote } from './fallback.ts';
import { incidentsOf } from './incidents-of.ts';
import { announcementsIn } from './maintenance.ts';
import { renderTable } from './table.ts';
import type { VerbContext, VerbResult } from './verb.ts';

/** Nothing asked for: this month, and rolling windows as they stand. */
export async function slaReportVerb(context: VerbContext, query: AskedQuery, contract: string | null): VerbResult {
  const report = await readReport(context, query);
  if (!report.ok) return report;
  const { source } = report.value;
  const value = only(report.value.value, contract);
  return ok({
    json: { source: source.kind, ...value },
    text: sourceNote(source, context.terminal.paint) + reportText(value),
  });
}

const only = (report: SlaReport, contract: string | null): SlaReport =>
  contract === null ? report : { ...report, contracts: report.contracts.filter((each) => each.contract === contract) };

export async function slaBudget(context: VerbContext): VerbResult {
  const report = await readReport(context, {});
  if (!report.ok) return report;
  const { source, value } = report.value;
  return ok({
    json: { source: source.kind, asOf: value.asOf, contracts: value.contracts },
    text: sourceNote(source, context.terminal.paint) + renderBudget(value.contracts),
  });
}

async function readReport(context: VerbContext, query: AskedQuery): Promise<Result<Sourced<SlaReport>, Failure>> {
  const asked = readAsked(query);
  if (!asked.ok) return err(usage(`No such report: ${asked.error}.`, 'Give --month, or both --from and --to.'));
  const given = Object.entries({ month: query.month, from: query.from, to: query.to });
  const path = given.flatMap(([name, value]) => (value === undefined ? [] : `${name}=${encodeURIComponent(value)}`));
  const answer = await ask(
    context,
    ['/v1/sla', ...(path.length === 0 ? [] : [path.join('&')])].join('?'),
    slaReportSchema,
  );
  return orFromEtcd(context, answer, (snapshot, cluster) =>
    fromEtcd(snapshot, cluster, context.clock.wall(), asked.value),
  );
}

/** etcd holds the days of the last weeks; the hosts' own ledgers hold years. */
function fromEtcd(snapshot: Snapshot, cluster: string, asOf: number, asked: Asked): Result<SlaReport, Failure> {
  const promises = promisesIn(snapshot, asOf);
  if (!promises.ok) return promises;
  const sheets = [...snapshot.entries].flatMap(([key, { value }]) =>
    key.startsWith(serviceKeyPrefix) ? (parseServiceSheet(value) ?? []) : [],
  );
  const corrections = correctionRows(incidentsOf(snapshot), caseFilesOfKeys(snapshot.entries));
  const all = [...sheets.flatMap((sheet) => sheet.rows), ...corrections];
  const rows = (from: number, to: number) => all.filter((row) => row.from < to && row.to > from);
  const { sites, contracts } = promises.value;
  return ok(slaReport({ cluster, sites, contracts, maintenance: announcementsIn(snapshot), rows }, asOf, asked));
}

/** The least that is left first: that is what somebody has to look at. */
export function renderBudget(contracts: readonly Account[]): string {
  const promised = contracts.flatMap((account) =>
    account.target === null ? [] : [{ account, target: account.target }],
  );
  if (promised.length === 0) return 'No contract in force promises an availability.';
  const left = ({ target }: (typeof promised)[number]) => target.leftMs / Math.max(target.budgetMs, 1);
  const rows = promised
    .toSorted((one, other) => left(one) - left(other))
    .map(({ account, target }) => [
      account.contract,
      `${target.targetPercent} %`,
      availableText(target),
      durationText(target.budgetMs),
      target.leftMs < 0 ? `OVER ${durationText(-target.leftMs)}` : durationText(target.leftMs),
      durationText(account.unmeasuredMs),
    ]);
  const [head = '', ...numbers] = budgetHeads;
  const columns = [{ head }, ...numbers.map((each) => ({ head: each, align: 'right' }) as const)];
  const table = renderTable(columns, rows);
  if (table.split('\n').every((line) => line.length <= columnsMax)) return table;
  // A name that is cut off may be another contract's: it has a line of its own.
  const [heads = '', ...lines] = renderTable(
    columns,
    rows.map(([, ...cells]) => ['', ...cells]),
  ).split('\n');
  return [heads, ...rows.flatMap(([contract = ''], at) => [contract, lines[at] ?? ''])].join('\n');
}

const budgetHeads = ['CONTRACT', 'TARGET', 'SO FAR', 'BUDGET', 'LEFT', 'UNMEASURED'];

/** Time that nobody measured may have been downtime: then it is no more than that. */
const availableText = ({ atLeast, atMost }: TargetAccount): string =>
  `${percentText(atLeast) === percentText(atMost) ? '' : '<= '}${percentText(atMost)}`;
