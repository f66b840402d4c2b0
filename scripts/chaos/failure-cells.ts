/**
 * What is known of each fault in each mode, in docs/failure-modes.json: the table outlives the directory of results, so
 * that one session measures some faults again and keeps what was measured of the others. Cells of commit c13fbf1 were read
 * back from the table, which has one number for the redundancy and the rounds of all modes: each of its modes carries that.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { SyncMode } from '../../src/core/cluster.ts';
import type { RoundResult } from './results.ts';

export interface Cell {
  readonly fault: string;
  readonly mode: SyncMode;
  readonly commit: string;
  /** RFC 3339: the newest of its rounds. */
  readonly at: string;
  readonly rounds: number;
  readonly passed: number;
  /** The worst of the rounds that were seen to their end; null when none was. */
  readonly outageMsMax: number | null;
  readonly redundantMsMax: number | null;
  /** How many rounds shared the machine, at most. */
  readonly parallel: number;
}

interface Kept {
  readonly v: 1;
  readonly cells: readonly Cell[];
}

type OfCommit = RoundResult & { readonly commit: string };

/** With two members each. Of every fault and mode only the rounds of the newest commit that played it. */
export function cellsOf(results: readonly OfCommit[]): readonly Cell[] {
  const ofPair = results.filter(({ observed }) => observed.members === 2);
  const byName = Map.groupBy(ofPair, ({ observed }) => `${observed.fault} ${observed.mode}`);
  return [...byName.values()].map((rounds) => {
    const [newest, ...others] = rounds.toSorted((one, other) => other.at.localeCompare(one.at));
    if (newest === undefined) throw new Error('a group has at least one round');
    return cellOf(newest, [newest, ...others.filter(({ commit }) => commit === newest.commit)]);
  });
}

function cellOf({ observed: { fault, mode }, commit, at }: OfCommit, rounds: readonly OfCommit[]): Cell {
  const seen = rounds.flatMap((round) => (round.kind === 'broken' ? [] : [round.observed]));
  const worst = (values: readonly number[]) => (values.length === 0 ? null : Math.max(...values));
  return {
    ...{ fault, mode, commit, at, rounds: rounds.length },
    passed: rounds.filter(({ kind }) => kind === 'passed').length,
    outageMsMax: worst(seen.map(({ outageMs }) => outageMs)),
    redundantMsMax: worst(seen.map(({ redundantMs }) => redundantMs)),
    parallel: Math.max(...rounds.map(({ parallel = 1 }) => parallel)),
  };
}

/** What was measured later replaces what was known of the same fault and mode. In the order of the names. */
export function mergeCells(known: readonly Cell[], measured: readonly Cell[]): readonly Cell[] {
  const merged = new Map<string, Cell>();
  for (const cell of [...known, ...measured]) {
    const name = `${cell.fault} ${cell.mode}`;
    const before = merged.get(name);
    if (before === undefined || before.at <= cell.at) merged.set(name, cell);
  }
  return [...merged].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, cell]) => cell);
}

/** Empty while there is no such file. */
export const readCells = (file: string): readonly Cell[] =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept).cells : [];

/** One cell a line, so that a change shows what was measured. */
export const cellsText = (cells: readonly Cell[]): string =>
  `{"v":1,"cells":[\n${cells.map((cell) => JSON.stringify(cell)).join(',\n')}\n]}\n`;
