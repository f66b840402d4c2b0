/** One outage is one record, whoever saw it: the members tell each other by etcd, and by who has to tell. */
import { expect, test } from 'vitest';
import { canonicalJson } from '../../src/core/canonical-json.ts';
import type { SyncMode } from '../../src/core/cluster.ts';
import type { Incident } from '../../src/core/sla/incident.ts';
import { Random } from './clock/random.ts';
import { onWorld } from './faults/fault.ts';
import { aFault, type FaultKind } from './faults/registry.ts';
import { incidentsOn } from './hosts/fake-ledger.ts';
import type { Member } from './hosts/member.ts';
import { simulate } from './simulate.ts';
import type { World } from './world.ts';

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
  const records = members.map((member) => incidentsOn(member));
  const [first = []] = records;
  const told = first.map(({ recordedBy, kind: what, trigger }) => `${recordedBy}: ${what}, ${trigger}`);
  expect(told.length, told.join('; ')).toBeLessThanOrEqual(1);
  for (const others of records.slice(1)) expect(others, 'every disk has the same').toEqual(first);
});

test.each([1, 2, 3])(
  'an incident outlives the disk of its recorder and every key in etcd, and is on record once (seed %i)',
  async (seed) => {
    const seen: { world: World | null; recorder: Member | null; before: readonly Incident[] } = {
      ...{ world: null, recorder: null, before: [] },
    };
    const result = await simulate({
      seed,
      mode: 'available',
      durationMs: 60_000,
      faults: (world) => {
        seen.world = world;
        const [primary] = world.primaries();
        if (primary === undefined) throw new Error('nobody leads');
        const killed = aFault('kill-postmaster', () => primary, new Random(seed));
        const lost = onWorld(
          'the disk of the recorder and all of etcd are lost',
          () => {
            const recorders = world.members.filter((member) =>
              incidentsOn(member).some(({ recordedBy }) => recordedBy === member.name),
            );
            seen.recorder = recorders[0] ?? null;
            seen.before = seen.recorder === null ? [] : incidentsOn(seen.recorder);
            seen.recorder?.powerOff();
            seen.recorder?.disk.lose();
            world.operator.wipeEtcd();
          },
          () => seen.recorder?.powerOn(),
        );
        return [
          { kind: 'kill-postmaster', atMs: 3_000, forMs: 2_000, fault: killed },
          { kind: 'disk-lost', atMs: 25_000, forMs: 10_000, fault: lost },
        ];
      },
    });
    expect(result.violations).toEqual([]);
    const { world, before } = seen;
    expect(before.map(({ state }) => state)).toEqual(['closed']);
    const [incident] = before;
    const key = `incidents/${incident?.id}`;
    expect(JSON.parse(world?.etcd.get(key)?.value ?? 'null')).toEqual(incident);
    for (const { name, disk } of world?.members ?? []) {
      const versions = disk.ledger.filter(
        ({ kind, body }) => kind === 'incident' && (body as Incident).id === incident?.id,
      );
      expect(versions.at(-1)?.body, name).toEqual(incident);
      const texts = versions.map(({ body }) => canonicalJson(body));
      expect(texts, `${name} has no version twice`).toEqual([...new Set(texts)]);
    }
  },
);
