/**
 * A report as one HTML page that needs nothing else: no script, no picture, no font from anywhere. Everything that came
 * from elsewhere is escaped.
 */
import type { ContractReport } from './contract-report.ts';
import { monthSvg } from './month-svg.ts';
import {
  accountFacts,
  incidentCells,
  incidentHeads,
  instantText,
  leftOutText,
  nearMissText,
  provisionalText,
  reportTitle,
  windowCells,
  windowHeads,
} from './report-facts.ts';
import { markup } from '../export/markup.ts';

const style =
  'body{font:15px/1.5 system-ui,sans-serif;color:#1d2733;max-width:60rem;margin:2rem auto;padding:0 1rem}' +
  'h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}' +
  'th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d6dde4;vertical-align:top}' +
  '.loss{font-weight:600}.provisional{background:#fff3cd;padding:.5rem .8rem}svg{width:100%;height:auto}' +
  'footer{color:#5a6774;margin-top:2rem;font-size:.85rem}article+article{page-break-before:always;margin-top:4rem}';

/** One page for one report or for several. Ends with a line break. */
export function reportHtml(reports: readonly ContractReport[]): string {
  const [first] = reports;
  const title =
    first === undefined ? 'No report' : reports.length === 1 ? reportTitle(first) : `Service reports ${first.month}`;
  return `${[
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${markup(title)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    ...reports.flatMap(article),
    '</body>',
    '</html>',
  ].join('\n')}\n`;
}

function article(report: ContractReport): readonly string[] {
  const provisional = provisionalText(report);
  const leftOut = leftOutText(report);
  const nearMisses = nearMissText(report);
  const { loss, sites, timeZone, accounts, incidents, maintenance, cluster, asOf } = report;
  return [
    '<article>',
    `<h1>${markup(reportTitle(report))}</h1>`,
    ...(provisional === null ? [] : [`<p class="provisional">${markup(provisional)}</p>`]),
    `<p class="loss">${markup(loss)}</p>`,
    `<p>Sites: ${markup(sites.map(({ name }) => name).join(', '))}. Hours and the month are counted in ${markup(timeZone)}.</p>`,
    ...monthSvg(report),
    ...accounts.flatMap((account) => table([], accountFacts(account))),
    '<h2>Incidents</h2>',
    ...(incidents.length === 0 ? ['<p>None.</p>'] : table(incidentHeads, incidents.map(incidentCells))),
    ...(nearMisses === '' ? [] : [`<p>${markup(nearMisses)}</p>`]),
    '<h2>Announced maintenance</h2>',
    ...(maintenance.length === 0 ? ['<p>None.</p>'] : table(windowHeads, maintenance.map(windowCells))),
    ...(leftOut === '' ? [] : [`<p>${markup(leftOut)}</p>`]),
    `<footer>Cluster ${markup(cluster)}, as of ${instantText(asOf)}. Every number can be recomputed from the outage ledger.</footer>`,
    '</article>',
  ];
}

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  '<table>',
  ...(heads.length === 0 ? [] : [`<tr>${heads.map((head) => `<th>${markup(head)}</th>`).join('')}</tr>`]),
  ...rows.map((row) => `<tr>${row.map((cell) => `<td>${markup(cell)}</td>`).join('')}</tr>`),
  '</table>',
];
