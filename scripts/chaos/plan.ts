/** Which rounds a run has, in the order in which they are played. */
import type { SyncMode } from '../../src/core/cluster.ts';
import type { Fault } from './fault.ts';
import type { ChaosOptions } from './options.ts';
import { passedCount, type Results } from './results.ts';

/** A round as it is handed to whoever plays it. */
export interface Planned {
  readonly fault: Fault['name'];
  readonly mode: SyncMode;
  readonly members: 2 | 3;
  readonly seed: number;
}

/** Why faults that need this cannot be made here; null when they can. */
export type Lacks = Readonly<Record<NonNullable<Fault['needs']>, string | null>>;

/** Sentences about the faults that cannot be made here. */
export const leftOut = (faults: readonly Fault[], lacks: Lacks): readonly string[] =>
  faults.flatMap(({ name, needs }) => {
    const problem = needs === undefined ? null : lacks[needs];
    return problem === null ? [] : [`NOT RUN: ${name}: ${problem}`];
  });

/** Without those. Grouped by mode and members, because each needs another cluster. */
export function planned(
  { faults, rounds, seed, modes, members, resume }: ChaosOptions,
  earlier: Results,
  lacks: Lacks,
): readonly Planned[] {
  const possible = faults.filter(({ needs }) => needs === undefined || lacks[needs] === null);
  return modes.flatMap((mode) =>
    ([2, 3] as const).flatMap((count) =>
      possible
        .filter((fault) => Math.max(fault.members ?? 2, members) === count && fault.modes?.includes(mode) !== false)
        .flatMap(({ name }) => {
          const passed = resume ? passedCount(earlier, { fault: name, mode, members: count }) : 0;
          const missing = Array.from({ length: Math.max(0, rounds - passed) }, (_, index) => seed + passed + index);
          return missing.map((each) => ({ fault: name, mode, members: count, seed: each }));
        }),
    ),
  );
}

export const replayCommand = ({ fault, mode, members, seed }: Planned): string =>
  `npm run chaos -- --fault ${fault} --mode ${mode} --members ${members} --seed ${seed}`;
