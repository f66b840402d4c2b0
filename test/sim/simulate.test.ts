/** The production daemons on virtual time, under one fault at a time. */
import { describe, expect, test } from 'vitest';
import type { SyncMode } from '../../src/core/cluster.ts';
import type { Planned } from './faults/plan.ts';
import { aFault, type FaultKind } from './faults/registry.ts';
import { Random } from './clock/random.ts';
import { type SimResult, simulate } from './simulate.ts';
import type { World } from './world.ts';

const replay = ({ seed, mode, violations, events }: SimResult) =>
  `${violations.map(({ invariant, detail }) => `${invariant}: ${detail}`).join('\n')}\n${events.slice(-40).join('\n')}\nreplay: npm run simulate -- --seed ${seed} --mode ${mode}`;

/** One fault on the primary, a second after the cluster is up. */
function onPrimary(kind: FaultKind, forMs: number) {
  return (world: World): readonly Planned[] => {
    const [primary] = world.primaries();
    return primary === undefined
      ? []
      : [{ kind, atMs: 1_000, forMs, fault: aFault(kind, () => primary, new Random(1)) }];
  };
}

function onBoth(kind: FaultKind, forMs: number) {
  return (world: World): readonly Planned[] =>
    world.members.map((member) => ({ kind, atMs: 1_000, forMs, fault: aFault(kind, () => member, new Random(1)) }));
}

describe('one fault in a synchronous mode', () => {
  const cases: readonly (readonly [
    says: string,
    kind: FaultKind,
    forMs: number,
    outageMsMax: number,
    moves: boolean,
  ])[] = [
    ['a killed postmaster is failed over at once', 'kill-postmaster', 1, 500, true],
    ['a killed guardian is failed over like a killed postmaster', 'kill-guardian', 1, 500, true],
    ['a host whose power is cut is succeeded on evidence, not on the lease', 'power-off', 8_000, 2_500, true],
    [
      'a primary cut off from etcd and its standby is succeeded, also while clients still reach it',
      'isolate',
      8_000,
      2_500,
      true,
    ],
    ['a host that is paused for longer than the lease loses the leadership', 'pause', 9_000, 2_500, true],
    ['a host that is suspended for longer than the lease loses the leadership', 'suspend', 9_000, 2_500, true],
    ['a frozen postgres is fenced and succeeded', 'freeze-postgres', 8_000, 3_000, true],
    ['a planned switchover moves the primary', 'switchover', 1, 1_000, true],
    ['a killed batond that comes back costs nobody anything', 'kill-batond', 3_000, 200, false],
    ['a frozen batond that goes on costs nobody anything', 'freeze-batond', 3_000, 200, false],
    ['an etcd election costs nobody anything', 'etcd-election', 1, 200, false],
    ['etcd without a quorum for twenty seconds costs nobody anything', 'etcd-no-quorum', 20_000, 200, false],
    ['a step of the wall clock costs nobody anything', 'wall-jump', 1, 200, false],
  ];
  test.each(cases)('%s', async (_says, kind, forMs, outageMsMax, moves) => {
    const result = await simulate({
      seed: 7,
      mode: 'available',
      durationMs: 25_000,
      load: 'busy',
      faults: onPrimary(kind, forMs),
    });
    expect(result.violations, replay(result)).toEqual([]);
    expect(result.outageMs, replay(result)).toBeLessThanOrEqual(outageMsMax);
    expect(result.acknowledgedBy.length > 1, replay(result)).toBe(moves);
  });

  test.each<SyncMode>(['available', 'strict', 'off'])(
    'after a power cut of both hosts the cluster comes back by itself (%s)',
    async (mode) => {
      const result = await simulate({ seed: 11, mode, durationMs: 20_000, faults: onBoth('power-off', 4_000) });
      expect(result.violations, replay(result)).toEqual([]);
    },
  );
});

describe('one fault in mode off', () => {
  test('a paused primary has lost its lease and its processes before its successor takes a write', async () => {
    const result = await simulate({
      seed: 5,
      mode: 'off',
      durationMs: 30_000,
      load: 'busy',
      faults: onPrimary('pause', 15_000),
    });
    expect(result.violations, replay(result)).toEqual([]);
    expect(result.acknowledgedBy.length).toBeGreaterThan(1);
  });
});

test('the same seed gives the same life, event for event, whatever is lived beside it', async () => {
  const options = { mode: 'available', durationMs: 20_000 } as const;
  const once = await simulate({ ...options, seed: 42 });
  const [, again] = await Promise.all([41, 42, 43].map((seed) => simulate({ ...options, seed })));
  expect(again?.events).toEqual(once.events);
  expect(once.events.length).toBeGreaterThan(50);
});
