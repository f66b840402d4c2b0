/** The results as a table: one row for a fault in a mode, with its worst figures. */
import { renderTable } from '../../src/cli/table.ts';
import { thousands } from '../../src/core/sla/text-layout.ts';
import type { Observed } from './observed.ts';
import type { RoundResult } from './results.ts';
import type { ChaosRun } from './run.ts';

export interface FaultRow {
  readonly fault: string;
  readonly mode: string;
  readonly rounds: number;
  readonly passed: number;
  /** Of the rounds that could be seen to their end; null when there was none. */
  readonly worst: { readonly outageMs: number; readonly redundantMs: number; readonly missing: number } | null;
  readonly promoted: number;
}

/** In the order in which they first come. */
export function rowsOf(results: readonly RoundResult[]): readonly FaultRow[] {
  const groups = Map.groupBy(results, ({ observed: { fault, mode } }) => `${fault} ${mode}`);
  return [...groups.values()].flatMap((rounds) => {
    const [first] = rounds;
    if (first === undefined) return [];
    const seen = rounds.flatMap((round) => (round.kind === 'broken' ? [] : [round.observed]));
    const most = (of: (one: Observed) => number) => Math.max(...seen.map(of));
    return [
      {
        ...{ fault: first.observed.fault, mode: first.observed.mode, rounds: rounds.length },
        passed: rounds.filter(({ kind }) => kind === 'passed').length,
        promoted: seen.filter(({ promotions }) => promotions > 0).length,
        worst:
          seen.length === 0
            ? null
            : {
                outageMs: most(({ outageMs }) => outageMs),
                redundantMs: most(({ redundantMs }) => redundantMs),
                missing: most(({ anomalies }) => anomalies.missing),
              },
      },
    ];
  });
}

export const resultTable = (results: readonly RoundResult[]): string =>
  renderTable(
    [
      { head: 'fault' },
      { head: 'mode' },
      { head: 'passed', align: 'right' },
      { head: 'failed over', align: 'right' },
      { head: 'worst outage ms', align: 'right' },
      { head: 'redundant ms', align: 'right' },
      { head: 'rows lost', align: 'right' },
    ],
    rowsOf(results).map(({ fault, mode, rounds, passed, promoted, worst }) => [
      ...[fault, mode, `${passed}/${rounds}`, `${promoted}/${rounds}`],
      ...(worst === null ? ['-', '-', '-'] : [worst.outageMs, worst.redundantMs, worst.missing].map(thousands)),
    ]),
  );

/** One line. `parallel`: how many rounds shared the machine. */
export function summaryOf({ results, unplayed }: Pick<ChaosRun, 'results' | 'unplayed'>, parallel: number): string {
  const bad = results.filter(({ kind }) => kind !== 'passed').length;
  return [
    `${results.length} rounds`,
    ...(parallel > 1 ? [`${parallel} at a time`] : []),
    ...(unplayed > 0 ? [`${unplayed} NOT PLAYED`] : []),
    bad === 0 ? 'all passed' : `${bad} FAILED`,
  ].join(', ');
}
