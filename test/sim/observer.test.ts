/**
 * An observer at a third site, whatever happens to the cluster, to etcd and to itself: it never stands in the way, no outage
 * has two records, none is left out that nobody else could record, and its own dead link is no outage of anybody.
 */
import { describe, expect, test } from 'vitest';
import type { SyncMode } from '../../src/core/cluster.ts';
import type { Incident } from '../../src/core/sla/incident.ts';
import { type Ms, second } from '../../src/core/units.ts';
import { parseServiceEntry } from '../../src/wire/service-sheet.ts';
import { Random } from './clock/random.ts';
import { aFault, type FaultKind } from './faults/registry.ts';
import { incidentsOn } from './hosts/fake-ledger.ts';
import { People } from './hosts/people.ts';
import type { SimObserver } from './hosts/sim-observer.ts';
import { simulate } from './simulate.ts';
import type { World } from './world.ts';

const modes: readonly SyncMode[] = ['available', 'strict', 'off'];

interface Lived {
  readonly world: World;
  readonly observer: SimObserver;
  readonly people: People;
  /** As their writers have them on their disks: those of an outage whose end is known, and all. */
  readonly measured: readonly Incident[];
  readonly all: readonly Incident[];
}

async function lives(
  { mode, seed, forMs, notifyAfterMs = second }: { mode: SyncMode; seed: number; forMs: Ms; notifyAfterMs?: Ms },
  happens: (world: World, observer: SimObserver, at: (ms: Ms, action: () => void) => void) => void,
): Promise<Lived> {
  const people = new People(notifyAfterMs);
  let world: World | null = null;
  let observer: SimObserver | null = null;
  const result = await simulate({
    ...{ mode, seed, people, durationMs: forMs, faults: () => [] },
    whenUp: (up) => {
      world = up;
      up.budget.plays();
      observer = up.addObserver();
      happens(up, observer, (ms, action) => up.clock.timer(ms, action));
    },
  });
  expect(result.violations).toEqual([]);
  expect(people.contradictions).toEqual([]);
  if (world === null || observer === null) throw new Error('the cluster did not come up');
  const { members } = world as World;
  const all = [...members, observer as SimObserver].flatMap((each) =>
    incidentsOn(each).filter(({ recordedBy }) => recordedBy === each.name),
  );
  return { world, observer, people, all, measured: all.filter(({ phases }) => phases.outage !== null) };
}

const told = (records: readonly Incident[]): string =>
  records.map(({ id, kind, trigger, closedBecause }) => `${id}: ${kind}, ${trigger}, ${closedBecause}`).join('; ');
const heardOf = ({ people }: Lived, site: string): readonly string[] =>
  [...people.heard.values()].flatMap(({ audience, occasion }) => (audience.id === site ? [occasion] : []));

const seeds = [1, 2, 3, 4, 5, 6];
const rows = modes.flatMap((mode) => seeds.map((seed) => [mode, seed] as const));

describe('both nodes are gone', () => {
  test.each(rows)(
    'mode %s: one record, of the observer, and each site hears it begin and end (seed %i)',
    async (mode, seed) => {
      const random = new Random(seed);
      const apartMs = random.pick([0, 40, 400, 4_000, 12_000]);
      const backApartMs = random.pick([0, 300, 5_000]);
      const lived = await lives({ mode, seed, forMs: 130 * second }, (world, _observer, at) => {
        const [primary] = world.primaries();
        const others = world.members.filter((each) => each !== primary);
        const order = random.chance(0.7) ? [...others, primary] : [primary, ...others];
        for (const [nth, member] of order.entries()) {
          at(5 * second + nth * apartMs, () => member?.powerOff());
          at(40 * second + nth * backApartMs, () => member?.powerOn());
        }
      });
      const { measured, all } = lived;
      // A takeover on the way may have been an outage of its own, before the second died.
      const long = measured.filter(({ phases }) => (phases.outage ?? 0) > 20 * second);
      expect(long, told(all)).toMatchObject([{ recordedBy: 'o', measuredBy: 'observer', state: 'closed' }]);
      const during = all.filter(
        (each) => each.closedBecause !== 'superseded' && long.some((other) => overlap(each, other)),
      );
      expect(during, told(all)).toEqual(long);
      for (const site of ['wexham', 'heatherwood', 'berkshire']) {
        const heard = heardOf(lived, site);
        const ofIt = [...lived.people.heard.values()].filter(
          ({ incident, audience }) => incident === long[0]?.id && audience.id === site,
        );
        expect(
          ofIt
            .map(({ occasion }) => occasion)
            .filter((occasion) => occasion !== 'still-down' && occasion !== 'restored'),
          heard.join(),
        ).toEqual(['started', 'over']);
      }
      expect(lived.world.etcd.get('recording')).toBeNull();
    },
  );

  test.each(modes)(
    'mode %s: the observer dies in the middle of it, comes back, and goes on with the same record',
    async (mode) => {
      const lived = await lives({ mode, seed: 7, forMs: 80 * second }, (world, observer, at) => {
        for (const member of world.members) {
          at(5 * second, () => member.powerOff());
          at(60 * second, () => member.powerOn());
        }
        at(25 * second, () => observer.kill());
        // Its lease goes on: its claim is there when it is back.
        at(27 * second, () => observer.start());
      });
      const long = lived.measured.filter(({ phases }) => (phases.outage ?? 0) > 20 * second);
      expect(long, told(lived.all)).toMatchObject([{ recordedBy: 'o', state: 'closed' }]);
    },
  );

  test.each(modes)(
    'mode %s: an observer that stays away is not waited for: whoever leads next records',
    async (mode) => {
      const lived = await lives({ mode, seed: 8, forMs: 80 * second }, (world, observer, at) => {
        for (const member of world.members) {
          at(5 * second, () => member.powerOff());
          at(50 * second, () => member.powerOn());
        }
        at(25 * second, () => observer.kill());
        // A failover of another day is a member's to record.
        at(70 * second, () => world.primaries()[0]?.running?.killPostmaster());
      });
      const { world, all } = lived;
      expect(
        all.some(({ recordedBy }) => recordedBy !== 'o'),
        told(all),
      ).toBe(true);
      expect(world.etcd.get('recording')).toBeNull();
    },
  );
});

/** Anything that befalls the leader while its standby or its successor lives. */
const faults: readonly FaultKind[] = [
  ...(['kill-postmaster', 'freeze-postgres', 'power-off', 'isolate', 'cut-etcd', 'suspend', 'disk-hung'] as const),
  ...(['kill-both-daemons', 'freeze-both-daemons', 'terminate-guardian', 'switchover'] as const),
];
const faultRows = (['available', 'off'] as const).flatMap((mode) => faults.map((kind) => [mode, kind] as const));

test.each(faultRows)(
  'mode %s: %s of the primary is not the observer’s to record: a member is there',
  async (mode, kind) => {
    const { all } = await lives({ mode, seed: 1, forMs: 40 * second }, (world, _observer, at) => {
      const [primary] = world.primaries();
      if (primary === undefined) throw new Error('nobody leads');
      const fault = aFault(kind, () => primary, new Random(1));
      at(5 * second, () => fault.begin(world));
      at(20 * second, () => fault.end(world));
    });
    expect(all.filter(({ recordedBy }) => recordedBy === 'o')).toEqual([]);
  },
);

test.each(rows)(
  'mode %s: the observer alone loses its way to everybody: nobody was down (seed %i)',
  async (mode, seed) => {
    const random = new Random(seed);
    const lived = await lives({ mode, seed, forMs: 40 * second }, (world, observer, at) => {
      at(5 * second + random.between(0, second), () => {
        world.etcd.cut(observer.host.name);
        for (const { name } of world.members) {
          world.network.cut(observer.host.name, name);
          world.network.cut(name, observer.host.name);
        }
      });
    });
    expect(lived.all, told(lived.all)).toEqual([]);
    expect([...lived.people.heard.values()]).toEqual([]);
    const rowsSeen = lived.observer.disk.ledger.flatMap(({ kind, body }) =>
      kind === 'service' ? (parseServiceEntry(body)?.rows ?? []) : [],
    );
    expect(rowsSeen.filter(({ state, by }) => by === 'observer' && state === 'down')).toEqual([]);
  },
);

test.each(modes)('mode %s: while one node is alone the observer measures', async (mode) => {
  const { observer } = await lives({ mode, seed: 4, forMs: 40 * second }, (world, _observer, at) => {
    const standby = world.members.find((each) => !world.primaries().includes(each));
    at(5 * second, () => standby?.powerOff());
    at(30 * second, () => standby?.powerOn());
  });
  const measured = observer.disk.ledger.flatMap(({ kind, body }) => {
    const entry = kind === 'service' ? parseServiceEntry(body) : null;
    return entry?.member === 'o' ? entry.rows : [];
  });
  const states = measured.map(({ state }) => state);
  expect(states).toContain('up');
  // In strict, commits wait for the standby that is away.
  expect(states).toContain(mode === 'strict' ? 'down' : 'degraded');
  expect(new Set(measured.map(({ by }) => by))).toEqual(new Set(['observer']));
});

/** Their outages, or what is known of them, have more than a moment in common. */
function overlap(one: Incident, other: Incident): boolean {
  const [from, to] = span(one);
  const [otherFrom, otherTo] = span(other);
  return from < otherTo - second && to > otherFrom + second;
}

/** An end that is not known is as long after as anything. */
function span({ instants: { t0, t1, t7 } }: Incident): readonly [from: number, to: number] {
  return [Date.parse((t0 ?? t1)?.wall ?? ''), t7 === null ? Number.POSITIVE_INFINITY : Date.parse(t7.wall)];
}
