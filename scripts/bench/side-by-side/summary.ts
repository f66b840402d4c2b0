/** What the rounds of each cell come to. Pure. */
import type { Budget } from '../systems/system.ts';
import { type Spread, spreadOf } from '../statistics.ts';
import type { Seen } from './play.ts';
import { type Cell, isIn, type RoundRecord } from './results.ts';

export interface CellSummary {
  readonly cell: Cell;
  /** That could be seen to their end. */
  readonly rounds: number;
  readonly failed: number;
  /** Why the system cannot be asked for this; null: it can. */
  readonly impossible: string | null;
  readonly outageMs: (Spread & { readonly p95: number }) | null;
  /** Rounds in which clients did not write again for as long as was waited. */
  readonly endless: number;
  readonly moved: number;
  /** Of the rounds in which it came back within the limit. */
  readonly redundantMs: Spread | null;
  readonly neverRedundant: number;
  readonly byHand: boolean;
  readonly acknowledged: number;
  readonly lost: number;
  readonly wrong: number;
  /** Writes were lost, or two nodes took writes at once. */
  readonly isUnsafe: boolean;
  readonly twoWritableMsMax: number;
  /** Rounds in which both still took writes when the fault ended. */
  readonly twoWritableAtEnd: number;
  /** Medians; empty where the system keeps no record. */
  readonly budget: Budget;
}

/** In the order in which the cells first come; of a system in a setting only the version that was measured last. */
export function summariesOf(rounds: readonly RoundRecord[]): readonly CellSummary[] {
  const cells: RoundRecord[] = [];
  for (const round of rounds) if (!cells.some((cell) => isIn(cell, round))) cells.push(round);
  return cells
    .filter((cell) => cell.version === newestVersion(cell, rounds))
    .map((cell) =>
      summaryOf(
        cell,
        rounds.filter((round) => isIn(round, cell)),
      ),
    );
}

function newestVersion({ system, setting }: Cell, rounds: readonly RoundRecord[]): string | undefined {
  return rounds
    .filter((round) => round.system === system && round.setting === setting)
    .toSorted((one, other) => one.at.localeCompare(other.at))
    .at(-1)?.version;
}

function summaryOf({ system, setting, version, fault, rttMs }: Cell, rounds: readonly RoundRecord[]): CellSummary {
  const seen = rounds.flatMap((round) => (round.kind === 'seen' ? [round.seen] : []));
  const outages = seen.map(({ outageMs }) => outageMs);
  const spread = spreadOf(outages);
  const sum = (of: (one: Seen) => number) => seen.reduce((total, one) => total + of(one), 0);
  const count = (is: (one: Seen) => boolean) => seen.filter(is).length;
  const steps = new Set(seen.flatMap(({ budget }) => Object.keys(budget ?? {})));
  return {
    cell: { system, setting, version, fault, rttMs },
    rounds: seen.length,
    failed: rounds.filter(({ kind }) => kind === 'failed').length,
    impossible: rounds.find((round) => round.kind === 'impossible')?.why ?? null,
    outageMs: spread === null ? null : { ...spread, p95: percentile(outages, 0.95) },
    endless: count(({ outageEnded }) => !outageEnded),
    moved: count(({ moved }) => moved),
    redundantMs: spreadOf(seen.map(({ redundantMs }) => redundantMs)),
    neverRedundant: count(({ redundantMs }) => redundantMs === null),
    byHand: seen.some(({ byHand }) => byHand),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    lost: sum(({ lost }) => lost),
    wrong: sum(({ wrong }) => wrong),
    isUnsafe: seen.some(({ lost, twoWritableMs }) => lost > 0 || twoWritableMs > 0),
    twoWritableMsMax: Math.max(0, ...seen.map(({ twoWritableMs }) => twoWritableMs)),
    twoWritableAtEnd: count(({ twoWritableAtEnd }) => twoWritableAtEnd),
    budget: Object.fromEntries(
      [...steps].map((step) => [step, spreadOf(seen.map(({ budget }) => budget?.[step] ?? null))?.median ?? 0]),
    ),
  };
}

/** The least value that so large a part of them does not exceed. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0;
}

/** What a system did not survive, in a few words each; none when it stood the fault. */
export function damageOf(summary: CellSummary): readonly string[] {
  const { lost, wrong, twoWritableMsMax, twoWritableAtEnd, endless, neverRedundant, rounds } = summary;
  const seconds = (twoWritableMsMax / 1000).toFixed(twoWritableMsMax < 1_000 ? 2 : 0);
  return [
    ...(endless > 0 ? [`no writes until the fault ended in ${endless} of ${rounds}`] : []),
    ...(lost > 0 ? [`${lost} writes lost`] : []),
    ...(wrong > 0 ? [`${wrong} rows doubled or foreign`] : []),
    ...(twoWritableMsMax > 0 ? [`two writable for ${seconds}${twoWritableAtEnd > 0 ? '+' : ''} s`] : []),
    ...(neverRedundant > 0 ? [`not redundant again in ${neverRedundant} of ${rounds}`] : []),
  ];
}
