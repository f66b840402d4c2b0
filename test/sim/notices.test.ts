/** Whatever goes wrong with the cluster and with the receivers: each site hears once that it is over, after it heard that it began. */
import { expect, test } from 'vitest';
import type { SyncMode } from '../../src/core/cluster.ts';
import { second } from '../../src/core/units.ts';
import { Random } from './clock/random.ts';
import { onWorld } from './faults/fault.ts';
import { aFault, type FaultKind } from './faults/registry.ts';
import { incidentsOn } from './hosts/fake-ledger.ts';
import type { Member } from './hosts/member.ts';
import { People } from './hosts/people.ts';
import { simulate } from './simulate.ts';

/** Each ends the service for a while, with or without a change of leader; the leader dies, is cut off, or lives on. */
const faults: readonly FaultKind[] = [
  'kill-postmaster',
  'freeze-postgres',
  'power-off',
  'isolate',
  'cut-etcd',
  'suspend',
  'kill-both-daemons',
  'switchover',
];
const rows = (['available', 'strict', 'off'] as const).flatMap((mode: SyncMode) =>
  faults.flatMap((kind) =>
    [1 * second, 60 * second].flatMap((afterMs) => [7, 12].map((seed) => [mode, kind, afterMs, seed] as const)),
  ),
);

/** Of all rows: a test of which nothing comes would prove nothing. */
const total = { outages: 0, started: 0, doubled: 0 };

test.each(rows)(
  'mode %s: %s of the primary, people are told after %i ms (seed %i)',
  async (mode, kind, afterMs, seed) => {
    const people = new People(afterMs);
    let members: readonly Member[] = [];
    const result = await simulate({
      seed,
      mode,
      people,
      durationMs: 90 * second,
      faults: (world) => {
        members = world.members;
        const at = (atMs: number) => {
          const fault = aFault(kind, () => world.primaries()[0] ?? world.member('a'), new Random(atMs));
          return { kind, atMs, forMs: 12 * second, fault };
        };
        // The second one strikes while people are being told of the first.
        return [at(3 * second), at(20 * second)];
      },
    });
    expect(result.violations).toEqual([]);
    expect(people.contradictions).toEqual([]);

    // Every disk has every record.
    const records = new Map(members.flatMap((member) => incidentsOn(member)).map((each) => [each.id, each] as const));
    const outages = [...records.values()].filter(
      ({ affectedSites, instants }) => affectedSites.length > 0 && instants.t7 !== null,
    );
    const heard = [...people.heard.values()];
    const over = heard
      .filter(({ occasion }) => occasion === 'over')
      .map(({ incident, audience }) => `${incident} ${audience.id}`);
    const wanted = outages.flatMap(({ id, affectedSites }) => affectedSites.map((site) => `${id} ${site.id}`));
    // Whoever heard that it began hears that it is over, also when no write turns out to have failed.
    const begun = heard
      .filter(({ occasion }) => occasion === 'started')
      .map(({ incident, audience }) => `${incident} ${audience.id}`);
    expect(over.toSorted()).toEqual([...new Set([...wanted, ...begun])].toSorted());
    total.outages += outages.length;
    total.started += heard.filter(({ occasion }) => occasion === 'started').length;
    total.doubled += people.attempts - people.heard.size;
    for (const thread of Map.groupBy(heard, ({ incident, audience }) => `${incident} ${audience.id}`).values()) {
      const occasions = thread.map(({ occasion }) => occasion);
      expect(occasions.indexOf('started'), occasions.join()).toBeLessThan(occasions.indexOf('over'));
      expect(occasions.lastIndexOf('still-down'), occasions.join()).toBeLessThan(occasions.indexOf('over'));
      if (afterMs > 15 * second) expect(occasions).toEqual(['over']);
    }
  },
);

test.each([3, 7, 11])(
  'etcd is gone and the service with it: people hear of it all the same, and of its end (seed %i)',
  async (seed) => {
    const people = new People(1 * second);
    let heardWhileAway: readonly string[] = [];
    const result = await simulate({
      seed,
      mode: 'off',
      people,
      // Whoever refused is asked again ever later, and hears of the end after what came before it.
      durationMs: 120 * second,
      faults: (world) => [
        {
          ...{ kind: 'etcd-down', atMs: 3 * second, forMs: 60 * second },
          fault: onWorld(
            'etcd is down',
            () => world.etcd.stop(),
            () => {
              heardWhileAway = [...people.heard.values()].map(({ occasion }) => occasion);
              world.etcd.start();
            },
          ),
        },
      ],
    });
    expect(result.violations).toEqual([]);
    // In mode off nobody may serve without etcd: this is the outage that people most need to hear of.
    expect(heardWhileAway).toContain('started');
    const heard = [...people.heard.values()];
    const told = (wanted: string) =>
      heard.filter(({ occasion }) => occasion === wanted).map(({ incident, audience }) => `${incident} ${audience.id}`);
    expect(told('over').toSorted()).toEqual([...new Set([...told('over'), ...told('started')])].toSorted());
  },
);

test('there was something to tell, and receivers made it hard', () => {
  expect(total.outages).toBeGreaterThan(40);
  expect(total.started).toBeGreaterThan(10);
  expect(total.doubled).toBeGreaterThan(20);
});
