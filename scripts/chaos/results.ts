/** What rounds gave, in one JSON file per commit: later runs on the same commit add to it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Observed } from './observed.ts';

export type RoundResult = Played &
  (
    | { readonly kind: 'passed' | 'failed'; readonly observed: Observed }
    /** It could not be seen to its end. */
    | { readonly kind: 'broken'; readonly observed: Pick<Observed, 'fault' | 'mode' | 'members' | 'seed'> }
  );

interface Played {
  readonly at: string;
  readonly complaints: readonly string[];
  /** How many rounds shared the machine; 1 when left out. */
  readonly parallel?: number;
}

export interface Results {
  readonly v: 1;
  readonly commit: string;
  readonly rounds: readonly RoundResult[];
}

const fileOf = (out: string, commit: string): string => join(out, `${commit}.json`);

/** Empty when there are none yet. */
export function readResults(out: string, commit: string): Results {
  const file = fileOf(out, commit);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : { v: 1, commit, rounds: [] };
}

/** Of all commits, the newest round first. */
export function readAllResults(out: string): readonly (RoundResult & { readonly commit: string })[] {
  if (!existsSync(out)) return [];
  return (
    readdirSync(out)
      // A soak leaves its result here too.
      .filter((name) => name.endsWith('.json') && !name.startsWith('soak-'))
      .flatMap((name) => {
        const { commit, rounds } = JSON.parse(readFileSync(join(out, name), 'utf8')) as Results;
        return rounds.map((round) => ({ ...round, commit }));
      })
      .toSorted((one, other) => other.at.localeCompare(one.at))
  );
}

/** After every round, so that nothing is lost when the run ends early. */
export function addResult(out: string, commit: string, result: RoundResult): void {
  const { rounds } = readResults(out, commit);
  const whole: Results = { v: 1, commit, rounds: [...rounds, result] };
  mkdirSync(out, { recursive: true });
  const file = fileOf(out, commit);
  writeFileSync(`${file}.new`, `${JSON.stringify(whole, null, 1)}\n`);
  renameSync(`${file}.new`, file);
}

/** How many rounds of a fault passed in a mode. */
export const passedCount = (
  { rounds }: Results,
  { fault, mode, members }: Pick<Observed, 'fault' | 'mode' | 'members'>,
): number =>
  rounds.filter(
    ({ kind, observed }) =>
      kind === 'passed' && observed.fault === fault && observed.mode === mode && observed.members === members,
  ).length;
