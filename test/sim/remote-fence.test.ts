/** A primary whose daemons are frozen, or cut off from etcd, is stopped by its successor through its own PostgreSQL. */
import { describe, expect, test } from 'vitest';
import type { SyncMode } from '../../src/core/cluster.ts';
import { aFault, type FaultKind } from './faults/registry.ts';
import type { Planned } from './faults/plan.ts';
import { fencesNobodyRemotely } from './mistakes/wrong-ports.ts';
import { Random } from './clock/random.ts';
import { type SimOptions, type SimResult, simulate } from './simulate.ts';
import type { World } from './world.ts';

const replay = ({ events }: SimResult) => events.slice(-60).join('\n');

const onPrimary =
  (...kinds: readonly FaultKind[]) =>
  (world: World): readonly Planned[] => {
    const [primary] = world.primaries();
    if (primary === undefined) return [];
    return kinds.map((kind) => ({
      kind,
      atMs: 1_000,
      forMs: 20_000,
      fault: aFault(kind, () => primary, new Random(1)),
    }));
  };

const frozen = onPrimary('freeze-batond', 'freeze-guardian');

const life = (seed: number, mode: SyncMode, more: Partial<SimOptions> = {}) =>
  simulate({ seed, mode, durationMs: 25_000, faults: frozen, ...more });

const isFenced = ({ events }: SimResult) => events.some((event) => event.includes('is fenced by'));

describe('batond and guardian of the leader are frozen, and its PostgreSQL serves on', () => {
  test.each([1, 2, 3, 4, 5, 6])('in mode off nothing acknowledged is lost (seed %i)', async (seed) => {
    const result = await life(seed, 'off');
    expect(result.violations, replay(result)).toEqual([]);
    expect(isFenced(result), replay(result)).toBe(true);
    expect(result.acknowledgedBy.length, replay(result)).toBe(2);
    expect(result.besideAnother, replay(result)).toBe(0);
    expect(result.lost, replay(result)).toBe(0);
  });

  test.each([1, 2])(
    'with three members the one that wins stops it, and nothing acknowledged is lost (seed %i)',
    async (seed) => {
      const result = await life(seed, 'off', { members: 3 });
      expect(result.violations, replay(result)).toEqual([]);
      expect(isFenced(result), replay(result)).toBe(true);
      expect(result.lost, replay(result)).toBe(0);
    },
  );

  test.each<SyncMode>(['available', 'strict'])('in mode %s it is fenced beside the promotion', async (mode) => {
    const result = await life(7, mode);
    expect(result.violations, replay(result)).toEqual([]);
    expect(isFenced(result), replay(result)).toBe(true);
    expect(result.acknowledgedBy.length, replay(result)).toBe(2);
  });

  test('without the fence two primaries acknowledge in mode off, and one of them for nothing', async () => {
    const result = await life(1, 'off', { mistakes: fencesNobodyRemotely });
    expect(result.besideAnother, replay(result)).toBeGreaterThan(0);
    expect(result.lost, replay(result)).toBeGreaterThan(0);
  });
});

test('a leader that is cut off from etcd in mode off is fenced by its own guardian, and nobody is fenced wrongly', async () => {
  const result = await life(3, 'off', { faults: onPrimary('cut-etcd') });
  expect(result.violations, replay(result)).toEqual([]);
  expect(isFenced(result), replay(result)).toBe(false);
});
