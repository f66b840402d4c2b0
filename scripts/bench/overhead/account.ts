/** What pgbench says of a pair with Baton and of the same pair without. */
import { type Spread, spreadOf } from '../statistics.ts';

export interface Run {
  /** Transactions a second, without the time that connecting took. */
  readonly tps: number;
  readonly p99Ms: number;
}

/** One after the other, so that what else the machine does hits both alike. */
export interface Pair {
  readonly with: Run;
  readonly without: Run;
}

export interface Overhead {
  readonly pairs: readonly Pair[];
  readonly tpsWith: Spread | null;
  readonly tpsWithout: Spread | null;
  readonly p99MsWith: Spread | null;
  readonly p99MsWithout: Spread | null;
  /** In each pair, of what it is without Baton: 0.02 when two of a hundred transactions are lost to it. */
  readonly tpsLost: Spread | null;
  readonly p99Added: Spread | null;
  readonly kept: boolean;
}

export const tpsLostMax = 0.02;

export function overheadOf(pairs: readonly Pair[]): Overhead {
  const of = (value: (pair: Pair) => number) => spreadOf(pairs.map(value));
  const tpsLost = of((pair) => 1 - pair.with.tps / pair.without.tps);
  return {
    pairs,
    tpsWith: of((pair) => pair.with.tps),
    tpsWithout: of((pair) => pair.without.tps),
    p99MsWith: of((pair) => pair.with.p99Ms),
    p99MsWithout: of((pair) => pair.without.p99Ms),
    tpsLost,
    p99Added: of((pair) => pair.with.p99Ms / pair.without.p99Ms - 1),
    kept: tpsLost !== null && tpsLost.median <= tpsLostMax,
  };
}

/** Least value that 99 of 100 do not exceed. Throws when there are none. */
export function p99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const found = sorted[Math.ceil(sorted.length * 0.99) - 1];
  if (found === undefined) throw new RangeError('no value to take a percentile of');
  return found;
}

/** From what pgbench prints. Throws when it says nothing of it. */
export function tpsOf(printed: string): number {
  const tps = Number(/^tps = ([\d.]+) \(without initial connection time\)/m.exec(printed)?.[1]);
  if (!Number.isFinite(tps)) throw new Error(`pgbench printed no tps:\n${printed.slice(-500)}`);
  return tps;
}

/** From pgbench's log of transactions: `client transaction latency(us) script epoch us`. */
export const latenciesMsOf = (log: string): readonly number[] =>
  log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Number(line.split(' ')[2]) / 1_000);
