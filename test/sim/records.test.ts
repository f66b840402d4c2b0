/** One outage is one record, whoever saw it: the members tell each other by etcd, and by who has to tell. */
import { expect, test } from 'vitest';
import type { SyncMode } from '../../src/core/cluster.ts';
import { Random } from './clock/random.ts';
import { aFault, type FaultKind } from './faults/registry.ts';
import { incidentsOn } from './hosts/fake-ledger.ts';
import type { Member } from './hosts/member.ts';
import { simulate } from './simulate.ts';

/** Each ends the service for a while, with or without a change of leader. */
const faults: readonly FaultKind[] = [
  'kill-postmaster',
  'freeze-postgres',
  'power-off',
  'isolate',
  'cut-etcd',
  'kill-guardian',
  'suspend',
  'disk-hung',
  'disk-read-only',
  'disk-full',
  'freeze-both-daemons',
  'kill-both-daemons',
  'terminate-guardian',
  'switchover',
];

const rows = (['available', 'off'] as const).flatMap((mode: SyncMode) =>
  faults.flatMap((kind) => [1, 2].map((seed) => [mode, kind, seed] as const)),
);

test.each(rows)('mode %s: %s of the primary leaves one record at most (seed %i)', async (mode, kind, seed) => {
  let members: readonly Member[] = [];
  const result = await simulate({
    seed,
    mode,
    durationMs: 40_000,
    faults: (world) => {
      members = world.members;
      const [primary] = world.primaries();
      if (primary === undefined) throw new Error('nobody leads');
      return [{ kind, atMs: 3_000, forMs: 15_000, fault: aFault(kind, () => primary, new Random(seed)) }];
    },
  });
  expect(result.violations).toEqual([]);
  const records = members.flatMap((member) => incidentsOn(member));
  const told = records.map(({ recordedBy, kind: what, trigger }) => `${recordedBy}: ${what}, ${trigger}`);
  expect(told.length, told.join('; ')).toBeLessThanOrEqual(1);
});
