/** The summaries as text, for a terminal and as Markdown: a table for all faults, one for each, and where Baton's time goes. Pure. */
import { renderTable } from '../../../src/cli/table.ts';
import { thousands } from '../../../src/core/sla/text-layout.ts';
import { type Machine, machineText } from '../machine.ts';
import type { SystemUnderTest } from '../systems/system.ts';
import type { Fault } from './faults.ts';
import { type CellSummary, damageOf } from './summary.ts';

/** Baton is to be ahead of every peer that has an outage at all by so many times. */
const aheadMin = 3;
const p95TimesMedianMax = 2;
/** Of the median: less is one draw of a clock that polls. */
const p95SlackMs = 100;
/** Of those that were asked, so that a bench of one fault says nothing of the others. */
type Asked = Pick<Fault, 'name' | 'label' | 'says' | 'targetMs' | 'lasts'>;

export interface Report {
  readonly faults: readonly Asked[];
  readonly summaries: readonly CellSummary[];
}

export function reportText({ faults, summaries }: Report): string {
  const rows = faults.flatMap((fault) => of(summaries, fault).map((summary) => [fault.label, ...cells(summary)]));
  const numbers = heads.map((head, at) => ({ head, align: at === 0 || at >= 6 ? 'left' : 'right' }) as const);
  return renderTable([{ head: 'fault' }, ...numbers], rows);
}

export function reportMarkdown(
  report: Report,
  {
    machine,
    systems,
    commands,
    at,
    picture,
  }: {
    readonly machine: Machine;
    readonly systems: readonly Pick<SystemUnderTest, 'name' | 'setting' | 'says'>[];
    readonly commands: readonly string[];
    readonly at: string;
    /** The plot's file, beside this one. */
    readonly picture: string;
  },
): string {
  const { faults, summaries } = report;
  const shown = systems.filter(({ name, setting }) =>
    summaries.some(({ cell }) => cell.system === name && cell.setting === setting),
  );
  return [
    '# The same faults on Baton and on its peers',
    '',
    `${at}. ${machineText(machine)}.`,
    '',
    ...commands.map((command) => `    ${command}`),
    '',
    ...introduction,
    '',
    ...shown.map(({ name, setting, says }) => `- **${name} ${setting}**: ${says}.`),
    '',
    `![Client-visible outage of each fault on each system](${picture})`,
    '',
    '## All faults',
    '',
    'Median outage in seconds, and what a system did not survive.',
    '',
    ...matrixMarkdown(report),
    '',
    ...faults.flatMap((fault) => faultMarkdown(fault, of(summaries, fault))),
    ...budgetMarkdown(report),
    '## Verdict',
    '',
    ...verdicts(report).map((line) => `- ${line}`),
    '',
  ].join('\n');
}

/**
 * A sentence for each target that was missed and each peer that Baton is not far enough ahead of: of those that have an
 * outage and survive the fault.
 */
export function shortfalls({ faults, summaries }: Report): readonly string[] {
  return faults.flatMap((fault) => {
    const all = of(summaries, fault);
    return all
      .filter(({ cell, rounds }) => cell.system === 'baton' && rounds > 0)
      .flatMap((mine) => {
        const median = mine.outageMs?.median ?? 0;
        const p95 = mine.outageMs?.p95 ?? 0;
        const close = all.filter(
          ({ cell, outageMs, isUnsafe }) =>
            cell.system !== 'baton' &&
            !isUnsafe &&
            cell.rttMs === mine.cell.rttMs &&
            outageMs !== null &&
            outageMs.median > 0 &&
            outageMs.median < aheadMin * median,
        );
        const promised = mine.cell.rttMs === 0;
        return [
          ...(promised && median > fault.targetMs
            ? [
                `${fault.label}: Baton's median outage is ${secondsText(median)} s, the target ${secondsText(fault.targetMs)} s`,
              ]
            : []),
          ...(p95 > p95TimesMedianMax * median + p95SlackMs
            ? [`${fault.label}: Baton's p95 is ${secondsText(p95)} s, more than ${p95TimesMedianMax} times its median`]
            : []),
          ...close.map(
            ({ cell, outageMs }) =>
              `${fault.label}: ${cell.system} ${cell.setting} takes ${secondsText(outageMs?.median ?? 0)} s, less than ${aheadMin} times Baton's ${secondsText(median)} s`,
          ),
          ...(damageOf(mine).length > 0 ? [`${fault.label}: BATON: ${damageOf(mine).join('; ')}`] : []),
        ];
      });
  });
}

function verdicts(report: Report): readonly string[] {
  const found = shortfalls(report);
  if (!report.summaries.some(({ cell, rounds }) => cell.system === 'baton' && rounds > 0))
    return ['Baton was not measured.'];
  return found.length > 0
    ? found
    : [`Every target is met, and every peer that has an outage is at least ${aheadMin} times slower.`];
}

const introduction = [
  'Every round is a new cluster: two nodes, and what coordinates them on hosts of its own, each host with its own network and',
  'control group; PostgreSQL is the same for all. One client inserts a numbered row 5 ms after the last was acknowledged, and tries',
  'one node after the other when its connection fails or is silent for half a second. *Outage* is the longest time without an',
  'acknowledgement (0: none of 50 ms). *Lost* are acknowledged rows that are missing on the newest timeline in the end. *Two',
  'writable* is how long both nodes answered, fifty times a second, that they take writes; `+`: they still did when the fault',
  'was ended. *Redundant again* counts from the end of the fault where something had to be undone, else from its beginning: one',
  'node takes writes and the other streams from it, synchronously where the system is synchronous.',
];

const heads = ['system', 'outage s: median', 'min', 'max', 'rounds', 'moved', 'redundant s', 'what it did not survive'];

const of = (summaries: readonly CellSummary[], { name }: Asked): readonly CellSummary[] =>
  summaries.filter(({ cell }) => cell.fault === name);

function cells(summary: CellSummary): readonly string[] {
  const { cell, outageMs, rounds, failed, moved, redundantMs, byHand, impossible, endless } = summary;
  const apart = cell.rttMs === 0 ? '' : `, ${cell.rttMs} ms apart`;
  const title = `${cell.system} ${cell.setting}${apart} (${cell.version})`;
  if (impossible !== null) return [title, '-', '-', '-', '0', '-', '-', impossible];
  const [median, min, max] = (['median', 'min', 'max'] as const).map((name) =>
    outageMs === null ? '-' : secondsText(outageMs[name]),
  );
  const damage = [...damageOf(summary), ...(failed > 0 ? [`${failed} rounds failed`] : [])];
  const redundant = redundantMs === null ? '-' : secondsText(redundantMs.median);
  return [
    ...[title, `${endless > 0 ? '> ' : ''}${median}`, min ?? '-', max ?? '-', String(rounds), `${moved}/${rounds}`],
    ...[`${redundant}${byHand ? ' by hand' : ''}`, damage.join('; ')],
  ];
}

function matrixMarkdown({ faults, summaries }: Report): readonly string[] {
  const titleOf = ({ cell }: CellSummary) =>
    `${cell.system} ${cell.setting}${cell.rttMs === 0 ? '' : `, ${cell.rttMs} ms apart`}`;
  const titles = [...new Set(summaries.map(titleOf))];
  const cell = (summary: CellSummary | undefined, { lasts }: Asked): string => {
    if (summary === undefined) return '';
    if (summary.impossible !== null) return '–';
    const { outageMs, endless, moved, rounds } = summary;
    if (outageMs === null) return 'failed';
    const outage = outageMs.median === 0 ? '0' : `${endless > 0 ? '> ' : ''}${secondsText(outageMs.median)}`;
    return [outage, ...(lasts.moves && moved === 0 && rounds > 0 ? ['no failover'] : []), ...damageOf(summary)].join(
      '; ',
    );
  };
  return tableMarkdown(
    ['fault', ...titles],
    faults
      .filter((fault) => of(summaries, fault).length > 0)
      .map((fault) => [
        fault.label,
        ...titles.map((title) =>
          cell(
            of(summaries, fault).find((summary) => titleOf(summary) === title),
            fault,
          ),
        ),
      ]),
  );
}

function faultMarkdown(fault: Asked, summaries: readonly CellSummary[]): readonly string[] {
  if (summaries.length === 0) return [];
  const acknowledged = summaries.reduce((sum, one) => sum + one.acknowledged, 0);
  return [
    `## ${fault.label} (\`${fault.name}\`)`,
    '',
    `${fault.says}. ${thousands(acknowledged)} writes were acknowledged in all.`,
    '',
    ...tableMarkdown(heads, summaries.map(cells)),
    '',
  ];
}

function budgetMarkdown({ faults, summaries }: Report): readonly string[] {
  const mine = faults.flatMap((fault) =>
    of(summaries, fault).flatMap((summary) =>
      Object.keys(summary.budget).length === 0 ? [] : [{ label: fault.label, summary }],
    ),
  );
  if (mine.length === 0) return [];
  const steps = [...new Set(mine.flatMap(({ summary }) => Object.keys(summary.budget)))];
  return [
    "## Where Baton's milliseconds go",
    '',
    'Medians of the steps in its own record of the incident, in ms, beside what the client saw. The first begins with the last',
    'good write of its probe, which writes every 300 ms: the client wrote for longer.',
    '',
    ...tableMarkdown(
      ['fault', ...steps, 'client'],
      mine.map(({ label, summary: { cell, budget, outageMs } }) => [
        `${label}${cell.rttMs === 0 ? '' : `, ${cell.rttMs} ms apart`}`,
        ...steps.map((step) => String(budget[step] ?? '-')),
        String(outageMs?.median ?? '-'),
      ]),
    ),
    '',
  ];
}

function tableMarkdown(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

/** Two decimals below ten seconds, one above. */
export const secondsText = (ms: number): string => (ms / 1000).toFixed(ms < 10_000 ? 2 : 1);
