/** A report as Markdown. Whatever came from elsewhere is escaped: it can be no heading, link, table cell or HTML. */
import type { ContractReport } from './contract-report.ts';
import {
  accountFacts,
  incidentCells,
  incidentHeads,
  leftOutText,
  nearMissText,
  provisionalText,
  reportTitle,
  windowCells,
  windowHeads,
  instantText,
} from './report-facts.ts';

/** Ends with a line break. */
export function reportMarkdown(report: ContractReport): string {
  const { accounts, incidents, maintenance, sites, loss, timeZone, cluster, asOf } = report;
  const provisional = provisionalText(report);
  const leftOut = leftOutText(report);
  const nearMisses = nearMissText(report);
  return `${[
    `# ${escaped(reportTitle(report))}`,
    ...(provisional === null ? [] : ['', `**${escaped(provisional)}**`]),
    '',
    `**${escaped(loss)}**`,
    '',
    `Sites: ${escaped(sites.map(({ name }) => name).join(', '))}. Hours and the month are counted in ${escaped(timeZone)}.`,
    ...accounts.flatMap((account) => ['', ...table(['', ''], accountFacts(account))]),
    '',
    '## Incidents',
    '',
    ...(incidents.length === 0 ? ['None.'] : table(incidentHeads, incidents.map(incidentCells))),
    '',
    ...(nearMisses === '' ? [] : [escaped(nearMisses), '']),
    '## Announced maintenance',
    '',
    ...(maintenance.length === 0 ? ['None.'] : table(windowHeads, maintenance.map(windowCells))),
    ...(leftOut === '' ? [] : ['', leftOut]),
    '',
    `Cluster ${escaped(cluster)}, as of ${instantText(asOf)}. Every number can be recomputed from the outage ledger.`,
  ].join('\n')}\n`;
}

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  line(heads.map(escaped)),
  line(heads.map(() => '---')),
  ...rows.map((row) => line(row.map(escaped))),
];

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const escaped = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').replace(/[\\`*_[\]<>|#~]/g, (character) => `\\${character}`);
