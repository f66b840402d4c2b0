/** Hosts that lose power: no FIN, no RST, and nobody there until they are switched on again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { etcdHosts } from '../cluster.ts';
import { always, type Expectation, type Fault, type Stage } from '../fault.ts';
import { leaderChangesButOff, leaderMayChange, leaderStays } from './outcomes.ts';
import { cutPower } from './strikes.ts';

/** After a cold start each member waits ten seconds for the others to say what they have. */
const coldStart: Expectation = {
  ...leaderMayChange(1),
  outage: always({ msMaxAfterHealing: 30_000 }),
  redundantMsMax: 40_000,
};

const offMs = [2_000, 5_000] as const;
/** Between switching one on and the other. */
const apartMs = 3_000;

async function cutAll({ cluster }: Stage): Promise<void> {
  await Promise.all(cluster.members.map((name) => cluster.cutPower(name)));
}

const primary: Fault = {
  name: 'power-primary',
  family: 'power',
  says: 'The host of the primary loses power',
  lastsMs: [12_000, 18_000],
  inject: (stage) => cutPower(stage, stage.leader),
  expects: {
    ...leaderChangesButOff,
    meanwhile: { off: 'anybody', or: 'other' },
    outage: { strict: { msMaxAfterHealing: 15_000 }, off: { msMax: 15_000 }, or: { msMax: 4_000 } },
    redundantMsMax: 25_000,
    rules: { off: [], or: ['take-over', 'promote'] },
    rowsLostMaxOff: 100,
  },
};

const standby: Fault = {
  name: 'power-standby',
  family: 'power',
  says: 'The host of the standby loses power',
  lastsMs: [5_000, 15_000],
  inject: (stage) => cutPower(stage, stage.standby),
  expects: {
    ...leaderStays,
    outage: { strict: { msMaxAfterHealing: 15_000 }, or: { msMax: 3_500 } },
    redundantMsMax: 25_000,
    rules: { off: [], or: ['sync-remove-lost'] },
    never: ['take-over', 'promote', 'fence-deadline', 'fenced-by-guardian'],
  },
};

type Order = (stage: Stage) => readonly string[];
const others = ({ cluster, leader }: Stage): readonly string[] => cluster.members.filter((name) => name !== leader);

const all = (name: string, says: string, order: Order, pauseMs: number): Fault => ({
  name: `power-all-${name}`,
  family: 'power',
  says: `All members lose power at once and come back, ${says}`,
  lastsMs: offMs,
  async inject(stage) {
    stage.undo(async () => {
      for (const host of order(stage)) {
        stage.cluster.switchOn(host);
        await sleep(pauseMs);
      }
    });
    await cutAll(stage);
  },
  expects: coldStart,
});

/** One is switched on soon; the others only at the healing. */
const only = (name: string, says: string, who: Order, expects: Expectation): Fault => ({
  name: `power-all-only-${name}`,
  family: 'power',
  says: `All members lose power at once, and for half a minute only ${says} comes back`,
  lastsMs: [30_000, 30_000],
  async inject(stage) {
    const { cluster, undo, random } = stage;
    const first = who(stage);
    for (const host of cluster.members.filter((member) => !first.includes(member))) undo(() => cluster.switchOn(host));
    await cutAll(stage);
    await sleep(random.between(...offMs));
    for (const host of first) cluster.switchOn(host);
  },
  expects,
});

const dataCentre: Fault = {
  name: 'power-everything',
  family: 'power',
  says: 'Every host loses power at once, those of etcd too, and all come back',
  lastsMs: offMs,
  async inject(stage) {
    const { cluster, undo } = stage;
    undo(() => cluster.members.forEach((name) => void cluster.switchOn(name)));
    undo(() => Promise.all(etcdHosts.map((host) => cluster.startEtcd(host))));
    await Promise.all(cluster.hosts.map((host) => cluster.cutPower(host)));
  },
  expects: coldStart,
};

export const powerCuts: readonly Fault[] = [
  primary,
  standby,
  all('together', 'together', ({ cluster }) => cluster.members, 0),
  all('leader-first', 'the leader first', (stage) => [stage.leader, ...others(stage)], apartMs),
  all('standby-first', 'the standby first', (stage) => [...others(stage), stage.leader], apartMs),
  only('leader', 'the leader', ({ leader }) => [leader], {
    ...coldStart,
    ...leaderStays,
    meanwhile: always('same'),
  }),
  only('standby', 'the standby', ({ standby: host }) => [host], {
    ...coldStart,
    leader: { off: 'same', or: 'other' },
    promotions: { off: [0, 0], or: [1, 1] },
    meanwhile: { off: 'nobody', or: 'other' },
  }),
  dataCentre,
];
