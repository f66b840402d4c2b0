/** The account of the pairs, for a terminal. */
import { renderTable } from '../../../src/cli/table.ts';
import { thousands } from '../../../src/core/sla/text-layout.ts';
import type { Spread } from '../statistics.ts';
import { type Overhead, tpsLostMax } from './account.ts';
import { load } from './pgbench.ts';

const right = (head: string) => ({ head, align: 'right' }) as const;

export function overheadText(overhead: Overhead): string {
  const row = (name: string, spread: Spread | null, text: (value: number) => string) => [
    name,
    ...(spread === null ? ['-', '-', '-'] : [spread.min, spread.median, spread.max].map(text)),
  ];
  const tps = (value: number) => thousands(Math.round(value));
  const milliseconds = (value: number) => value.toFixed(2);
  const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
  const { clients, scale, seconds } = load;
  return [
    `pgbench, scale ${scale}, ${clients} clients, prepared, ${seconds} s each, ${overhead.pairs.length} pairs`,
    '',
    renderTable(
      [{ head: '' }, ...['min', 'median', 'max'].map(right)],
      [
        row('transactions a second, without', overhead.tpsWithout, tps),
        row('transactions a second, with', overhead.tpsWith, tps),
        row('lost, in each pair', overhead.tpsLost, percent),
        row('p99 in ms, without', overhead.p99MsWithout, milliseconds),
        row('p99 in ms, with', overhead.p99MsWith, milliseconds),
        row('p99 longer, in each pair', overhead.p99Added, percent),
      ],
    ),
    '',
    `${overhead.kept ? 'kept  ' : 'MISSED'}  transactions lost: median ${overhead.tpsLost === null ? 'not measured' : percent(overhead.tpsLost.median)}, target <= ${percent(tpsLostMax)}`,
  ].join('\n');
}
