/** The simulator sees what it is there to see: each planted mistake is caught, by the invariant that it breaks. */
import { describe, expect, test } from 'vitest';
import type { SyncMode } from '../../src/core/cluster.ts';
import type { Planned } from './faults/plan.ts';
import { aFault, type FaultKind } from './faults/registry.ts';
import * as mistakes from './mistakes.ts';
import { Random } from './random.ts';
import { type SimOptions, type SimResult, simulate } from './simulate.ts';
import type { Mistakes, World } from './world.ts';

type Faults = NonNullable<SimOptions['faults']>;

/** The first life that violates anything; null when none of so many does. */
async function firstCaught(
  mistake: Mistakes,
  mode: SyncMode,
  seedsMax: number,
  faults: (seed: number) => Pick<SimOptions, 'durationMs' | 'faults'>,
): Promise<SimResult | null> {
  for (let seed = 1; seed <= seedsMax; seed += 1) {
    const result = await simulate({ seed, mode, mistakes: mistake, ...faults(seed) });
    if (result.violations.length > 0) return result;
  }
  return null;
}

const anything = () => ({ durationMs: 30_000 });

/** These kinds at these instants, all on the primary of the moment when the cluster is up. */
const onPrimary =
  (...plan: readonly (readonly [kind: FaultKind, atMs: number, forMs: number])[]): Faults =>
  (world: World): readonly Planned[] => {
    const [primary] = world.primaries();
    if (primary === undefined) return [];
    return plan.map(([kind, atMs, forMs]) => ({
      kind,
      atMs,
      forMs,
      fault: aFault(kind, () => primary, new Random(1)),
    }));
  };

const isolated = () => ({ durationMs: 20_000, faults: onPrimary(['isolate', 1_000, 16_000]) });

/** The leader's heartbeat stops while it loses its standby: it degrades in the very moment in which the standby takes over. */
const bothAtOnce = (seed: number) => {
  const cutMs = 1_000 + new Random(seed).between(-450, -300);
  return { durationMs: 3_500, faults: onPrimary(['cut-members', cutMs, 2_000], ['freeze-guardian', 1_000, 2_000]) };
};

describe('a planted mistake is caught', () => {
  const cases: readonly (readonly [
    says: string,
    mistake: Mistakes,
    mode: SyncMode,
    seedsMax: number,
    faults: typeof anything | typeof bothAtOnce,
    caught: RegExp,
  ])[] = [
    ['transactions that do not compare sync', mistakes.forgetsSync, 'available', 60, bothAtOnce, /^I[14] /],
    ['transactions that compare nothing', mistakes.comparesNothing, 'available', 60, anything, /^(I\d|liveness)/],
    [
      'a setting that is believed while the checkpointer is stuck',
      mistakes.believesTheSetting,
      'available',
      1,
      anything,
      /^I3 /,
    ],
    [
      'a proof that proves nothing while the checkpointer is slow',
      mistakes.provesNothing,
      'available',
      5,
      anything,
      /^I3 /,
    ],
    [
      'clients that are admitted before a commit was seen to wait',
      mistakes.admitsAtOnce,
      'strict',
      5,
      anything,
      /^strict/,
    ],
    ['a fence that kills nothing, in mode off', mistakes.fencesNothing, 'off', 2, isolated, /^I1 /],
    ['a lease that is believed without its renewals, in mode off', mistakes.renewsByItself, 'off', 2, isolated, /^I1 /],
    [
      'an old primary that keeps its diverged tail',
      mistakes.keepsItsTail,
      'available',
      40,
      anything,
      /^(I\d|liveness)/,
    ],
  ];
  test.each(cases)('%s', async (_says, mistake, mode, seedsMax, faults, caught) => {
    const result = await firstCaught(mistake, mode, seedsMax, faults);
    expect(result?.violations[0]?.invariant).toMatch(caught);
  });

  test('slow transactions alone break nothing', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      for (const life of [anything(), bothAtOnce(seed)]) {
        const result = await simulate({ seed, mode: 'available', mistakes: mistakes.slowCommits, ...life });
        expect(result.violations, result.events.slice(-40).join('\n')).toEqual([]);
      }
    }
  });

  test('and without it the same lives are clean', async () => {
    for (const faults of [isolated(), bothAtOnce(1), bothAtOnce(29)]) {
      for (const mode of ['available', 'off'] as const) {
        const result = await simulate({ seed: 1, mode, ...faults });
        expect(result.violations).toEqual([]);
      }
    }
  });
});
