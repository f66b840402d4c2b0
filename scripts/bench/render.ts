/** The accounts of a bench, for a terminal and as Markdown. Times in milliseconds. */
import { renderTable } from '../../src/cli/table.ts';
import { thousands, wrapped } from '../../src/core/sla/text-layout.ts';
import { type FaultAccount, isKept, type Measure } from './account.ts';

const heads = ['ms', 'min', 'median', 'max', 'target'] as const;

export function accountText(account: FaultAccount, mode: string): string {
  const rows = account.measures.map((measure) => cells(measure));
  return [
    `${account.label}, mode ${mode}, ${account.rounds} rounds`,
    renderTable(
      [{ head: heads[0] }, ...heads.slice(1).map((head) => ({ head, align: 'right' }) as const), { head: '' }],
      rows,
    ),
    ...wrapped(writesText(account), 0),
  ].join('\n');
}

export function accountMarkdown(account: FaultAccount): string {
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`;
  return [
    `## ${account.label} (\`${account.fault}\`), ${account.rounds} rounds`,
    '',
    line([...heads, '']),
    line(['---', '---:', '---:', '---:', '---:', '---']),
    ...account.measures.map((measure) => line(cells(measure))),
    '',
    writesText(account),
  ].join('\n');
}

function cells(measure: Measure): readonly string[] {
  const { of, spread, targetMs } = measure;
  const kept = isKept(measure);
  const numbers = spread === null ? ['-', '-', '-'] : [spread.min, spread.median, spread.max].map(numberText);
  const target = targetMs === null ? '' : `<= ${thousands(targetMs)}`;
  return [of, ...numbers, target, kept === null ? '' : kept ? 'kept' : 'MISSED'];
}

const numberText = (value: number): string => thousands(Math.round(value));

function writesText({ acknowledged, missing, wrong, unknown, unequal, failed }: FaultAccount): string {
  return [
    `${thousands(acknowledged)} writes acknowledged, ${missing === 0 ? 'none lost' : `${thousands(missing)} LOST`}`,
    `${thousands(unknown)} never answered`,
    wrong === 0 ? '' : `${thousands(wrong)} ROWS DOUBLED OR FOREIGN`,
    unequal === 0 ? 'both nodes equal after every round' : `NODES DIFFERED after ${unequal} rounds`,
    failed === 0 ? '' : `${failed} ROUNDS FAILED`,
  ]
    .filter((text) => text !== '')
    .join('; ')
    .concat('.');
}
