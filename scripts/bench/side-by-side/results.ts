/** What rounds gave, in one JSON file that grows round by round, and what is still to be played. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Machine } from '../machine.ts';
import type { SystemName } from '../systems/system.ts';
import type { Outcome } from './play.ts';

/** Which rounds are repetitions of each other. */
export interface Cell {
  readonly system: SystemName;
  readonly setting: 'default' | 'tuned';
  /** Of the system: a round of another version, or of another commit of Baton, is another cell. */
  readonly version: string;
  readonly fault: string;
  /** Of a round trip between the two sites, each with a node and some of what coordinates them; 0: all in one place. */
  readonly rttMs: number;
}

export type RoundRecord = Cell & {
  readonly at: string;
  /** Of the bench itself. */
  readonly commit: string;
  /** Load of the machine's last minute before the round: others may have used it too. */
  readonly loadBefore: number;
} & (Outcome | { readonly kind: 'failed'; readonly problem: string });

export interface Results {
  readonly v: 1;
  readonly machine: Machine;
  /** That gave these rounds, the last one last. */
  readonly commands: readonly string[];
  readonly rounds: readonly RoundRecord[];
}

export const isIn = (cell: Cell, other: Cell): boolean =>
  cell.system === other.system &&
  cell.setting === other.setting &&
  cell.version === other.version &&
  cell.fault === other.fault &&
  cell.rttMs === other.rttMs;

/** Null when there is no such file. */
export function readResults(file: string): Results | null {
  if (!existsSync(file)) return null;
  const results = JSON.parse(readFileSync(file, 'utf8')) as Results;
  if (results.v !== 1) throw new Error(`${file} is of version ${results.v}, this bench writes version 1`);
  return results;
}

/** After every round, so that nothing is lost when the run ends early. */
export function writeResults(file: string, results: Results): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(results, null, 1)}\n`);
  renameSync(`${file}.new`, file);
}

/** What failed is played again; what a system does not have is known after the first time. */
export function missingRuns(cell: Cell, wanted: number, rounds: readonly RoundRecord[]): number {
  const mine = rounds.filter((round) => isIn(round, cell));
  if (mine.some(({ kind }) => kind === 'impossible')) return 0;
  return Math.max(0, wanted - mine.filter(({ kind }) => kind === 'seen').length);
}

/**
 * The cells in the order in which their rounds are to be played: the rounds of every cell spread over the whole run, so
 * that whatever else the machine does hits all of them alike.
 */
export function interleaved(wanted: readonly { readonly cell: Cell; readonly runs: number }[]): readonly Cell[] {
  return wanted
    .flatMap(({ cell, runs }, order) =>
      Array.from({ length: runs }, (_, run) => ({ cell, order, at: (run + 0.5) / runs })),
    )
    .toSorted((one, other) => one.at - other.at || one.order - other.order)
    .map(({ cell }) => cell);
}
