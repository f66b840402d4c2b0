/** `baton sla report --format ...` and `baton sla export --openslo`: documents for others, as they are. */
import { stringify } from 'yaml';
import { z } from 'zod';
import { err, ok, type Result } from '../core/result.ts';
import type { Promises } from '../core/sla/contract.ts';
import { monthsOf } from '../core/sla/accounting/zone.ts';
import type { ContractReport } from '../core/sla/report/contract-report.ts';
import { openSlo } from '../core/sla/report/openslo.ts';
import { reportCsv } from '../core/sla/report/report-csv.ts';
import { reportHtml } from '../core/sla/report/report-html.ts';
import { reportMarkdown } from '../core/sla/report/report-markdown.ts';
import { absurd } from '../core/result.ts';
import { contractReportSchema } from '../wire/contract-report.ts';
import { promisesSchema } from '../wire/contract.ts';
import { ask } from './ask.ts';
import { type Failure, failed } from './failure.ts';
import { orFromEtcd } from './fallback.ts';
import { promisesIn } from './promises-of.ts';
import type { VerbContext, VerbResult } from './verb.ts';

export type ReportFormat = 'md' | 'html' | 'csv' | 'json';
export const REPORT_FORMATS = ['text', 'md', 'html', 'csv', 'json'] as const;

const listSchema = z.object({ reports: z.array(contractReportSchema) }).transform((body) => body.reports);

/** `month` null: this one so far. `contract` null: all. */
export async function slaDocument(
  context: VerbContext,
  format: ReportFormat,
  month: string | null,
  contract: string | null,
): VerbResult {
  const now = context.clock.wall();
  const wanted = month ?? monthsOf('UTC', { from: now, to: now + 1 })[0] ?? '';
  const answer = await ask(context, `/v1/reports?month=${encodeURIComponent(wanted)}`, listSchema);
  if (!answer.ok) return answer;
  const chosen = answer.value.filter(({ contract: id }) => contract === null || id === contract);
  if (chosen.length === 0) return err(noReport(contract, wanted, answer.value));
  return ok({ json: { reports: chosen }, text: rendered(format, chosen), raw: true });
}

function noReport(contract: string | null, month: string, reports: readonly ContractReport[]): Failure {
  if (contract === null)
    return failed('no-contract', `No contract was in force in ${month}.`, 'Contracts are in the shared configuration.');
  const known = reports.map((report) => report.contract).join(', ');
  return failed(
    'no-such-contract',
    `The contract ${contract} was not in force in ${month}.`,
    `Name one of: ${known === '' ? '(none was)' : known}.`,
  );
}

function rendered(format: ReportFormat, reports: readonly ContractReport[]): string {
  switch (format) {
    case 'md':
      return reports.map(reportMarkdown).join('\n').trimEnd();
    case 'html':
      return reportHtml(reports).trimEnd();
    case 'csv':
      // The line break after the last record is what ends every answer.
      return reportCsv(reports).trimEnd();
    case 'json':
      return JSON.stringify(reports, null, 2);
    default:
      return absurd(format);
  }
}

/** As YAML documents; with --json as a list. */
export async function slaExport(context: VerbContext): VerbResult {
  const answer = await orFromEtcd<Promises>(context, await ask(context, '/v1/promises', promisesSchema), (snapshot) =>
    promisesIn(snapshot, context.clock.wall()),
  );
  if (!answer.ok) return answer;
  const status = await clusterName(context);
  if (!status.ok) return status;
  const { sites, contracts } = answer.value.value;
  const { documents, leftOut } = openSlo(status.value, sites, contracts, context.clock.wall());
  for (const why of leftOut) context.terminal.err(`left out: ${why}`);
  const text = documents.map((document) => stringify(document, { lineWidth: 0 }).trimEnd()).join('\n---\n');
  return ok({ json: { documents, leftOut }, text, raw: true });
}

async function clusterName(context: VerbContext): Promise<Result<string, Failure>> {
  if (context.etcd !== null) return ok(context.etcd.cluster);
  const status = await ask(context, '/v1/status', z.looseObject({ cluster: z.string() }));
  return status.ok ? ok(status.value.cluster) : status;
}
