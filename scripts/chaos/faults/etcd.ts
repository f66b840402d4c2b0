/** etcd in trouble: its members, its quorum, its content. */
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readEtcd, writeEtcd } from '../etcd-content.ts';
import { etcdHosts } from '../cluster.ts';
import { always, type Expectation, type Fault, type Stage } from '../fault.ts';
import { leaderChangesButOff, leaderStays } from './outcomes.ts';
import { cutOff, freezeHost } from './strikes.ts';
import { mendEtcdsPast } from '../runbook.ts';

/** With a quorum left nobody notices. */
const goesOn: Expectation = {
  ...leaderStays,
  outage: always({ msMax: 500 }),
  redundantMsMax: 10_000,
  never: ['fence-deadline', 'fenced-by-guardian', 'take-over', 'promote'],
};

/** I6: commits that the standby acknowledges prove the leadership. Mode `off` has only the lease. */
const goesOnWithoutEtcd: Expectation = {
  ...goesOn,
  leader: { off: 'either', or: 'same' },
  promotions: { off: [0, 1], or: [0, 0] },
  meanwhile: { off: 'nobody', or: 'same' },
  outage: { off: { msMaxAfterHealing: 15_000 }, or: { msMax: 1_000 } },
  redundantMsMax: 25_000,
  never: ['take-over'],
};

type How = 'kill' | 'freeze' | 'cut';
const verbs: Readonly<Record<How, string>> = { kill: 'killed', freeze: 'frozen', cut: 'cut off' };

async function harm(stage: Stage, host: string, how: How): Promise<void> {
  switch (how) {
    case 'kill':
      stage.undo(() => stage.cluster.startEtcd(host));
      return stage.cluster.killHost(host);
    case 'freeze':
      return freezeHost(stage, host);
    case 'cut':
      return cutOff(stage, host, { direction: 'both', how: 'drop' });
  }
}

/** The leader first. */
async function etcdByRank({ cluster, random }: Stage): Promise<readonly string[]> {
  const leader = await cluster.etcdLeaderHost();
  const others = etcdHosts.filter((host) => host !== leader);
  return [leader, ...(random.chance(0.5) ? others : others.toReversed())];
}

const member = (how: How): Fault => ({
  name: `etcd-member-${how}`,
  family: 'etcd',
  says: `One etcd member, not the leader, is ${verbs[how]}`,
  lastsMs: [3_000, 8_000],
  inject: async (stage) => harm(stage, (await etcdByRank(stage))[1] ?? '', how),
  expects: goesOn,
});

const leader = (how: How): Fault => ({
  name: `etcd-leader-${how}`,
  family: 'etcd',
  says: `etcd's leader is ${verbs[how]}, and another is elected`,
  lastsMs: [3_000, 8_000],
  inject: async (stage) => harm(stage, (await etcdByRank(stage))[0] ?? '', how),
  expects: goesOn,
});

const quorum = (how: How, lastsMs: Fault['lastsMs']): Fault => ({
  name: `etcd-quorum-${how}`,
  family: 'etcd',
  says: `Two of three etcd members are ${verbs[how]}`,
  lastsMs,
  async inject(stage) {
    for (const host of (await etcdByRank(stage)).slice(0, 2)) await harm(stage, host, how);
  },
  expects: goesOnWithoutEtcd,
});

const primaryToo: Fault = {
  name: 'etcd-leader-and-primary',
  family: 'etcd',
  says: "The hosts of the primary and of etcd's leader lose power together",
  lastsMs: [10_000, 15_000],
  async inject({ cluster, leader: primary, undo }) {
    const etcd = await cluster.etcdLeaderHost();
    undo(() => cluster.switchOn(primary));
    undo(() => cluster.startEtcd(etcd));
    await Promise.all([cluster.cutPower(primary), cluster.cutPower(etcd)]);
  },
  expects: {
    ...leaderChangesButOff,
    outage: { strict: { msMaxAfterHealing: 15_000 }, off: { msMaxAfterHealing: 15_000 }, or: { msMax: 6_000 } },
    redundantMsMax: 25_000,
    rowsLostMaxOff: 100,
  },
};

/** Neither etcd nor the standby confirms the leader until etcd has elected: it must wait for that, and not give up. */
const standbyToo: Fault = {
  name: 'etcd-leader-and-standby',
  family: 'etcd',
  says: "The hosts of the standby and of etcd's leader lose power together",
  lastsMs: [10_000, 15_000],
  async inject({ cluster, standby, undo }) {
    const etcd = await cluster.etcdLeaderHost();
    undo(() => cluster.switchOn(standby));
    undo(() => cluster.startEtcd(etcd));
    await Promise.all([cluster.cutPower(standby), cluster.cutPower(etcd)]);
  },
  expects: {
    ...leaderStays,
    outage: { strict: { msMaxAfterHealing: 15_000 }, or: { msMax: 5_000 } },
    redundantMsMax: 25_000,
    never: ['take-over', 'promote', 'fence-deadline', 'fenced-by-guardian'],
  },
};

const garbageKeys = ['leader', 'sync', 'config', 'initialize', 'history', 'status', 'failover'] as const;

const garbage: Fault = {
  name: 'etcd-garbage',
  family: 'etcd',
  says: 'Every key of the cluster is overwritten with what nobody can read, and put right later',
  lastsMs: [3_000, 8_000],
  async inject({ cluster: { rig, members }, undo, random }) {
    const before = await readEtcd(rig);
    const wanted = [...garbageKeys, ...members.map((name) => `members/${name}`)];
    const keys = before.filter(({ key }) => wanted.some((end) => key.endsWith(`/${end}`)));
    undo(() => writeEtcd(rig, keys));
    await writeEtcd(
      rig,
      keys.map((each) => ({ ...each, value: `{"${random.hex(8)}` })),
    );
  },
  expects: {
    ...goesOn,
    leader: { off: 'either', or: 'same' },
    promotions: { off: [0, 1], or: [0, 0] },
    outage: { off: { msMaxAfterHealing: 15_000 }, or: { msMax: 1_000 } },
    redundantMsMax: 25_000,
    never: ['take-over'],
  },
};

/**
 * Who sees another etcd holds automation. In a synchronous mode the leader serves on, backed by its standby's
 * acknowledgements, until the runbook restarts it (ADR 15); in mode `off` it is fenced when its old lease has run out,
 * and nobody serves until then. Nothing is created, promoted or cloned before the operator has looked.
 */
const needsOperator: Expectation = {
  ...leaderStays,
  meanwhile: { off: 'nobody', or: 'same' },
  // Shorter than the fault lasts: what remains is the runbook's own restart.
  outage: { off: { msMaxAfterHealing: 25_000 }, or: { msMax: 10_000 } },
  redundantMsMax: 40_000,
  rules: always(['hold']),
  never: ['take-over', 'win-bootstrap', 'initialize', 'clone'],
};

async function wipe({ cluster: { rig } }: Stage): Promise<void> {
  await rig.etcd.startAgain(() => {
    for (const index of etcdHosts.keys()) rmSync(rig.etcd.dataDirectory(index), { recursive: true });
  }, true);
}

const wiped: Fault = {
  name: 'etcd-wiped',
  family: 'etcd',
  says: 'Everything in etcd is gone, and it serves again, empty; later the operator puts a backup back, as in the runbook',
  lastsMs: [12_000, 15_000],
  async inject(stage) {
    const { cluster, undo } = stage;
    const backup = await readEtcd(cluster.rig);
    undo(() => mendEtcdsPast(cluster));
    undo(() => writeEtcd(cluster.rig, backup));
    await wipe(stage);
  },
  expects: needsOperator,
};

/** Between the snapshot and its return. */
const snapshotAgeMs = 2_000;

const restored: Fault = {
  name: 'etcd-restored',
  family: 'etcd',
  says: 'etcd is restored from a snapshot with a new cluster token; later the operator does what the runbook says',
  lastsMs: [12_000, 15_000],
  async inject(stage) {
    const { cluster, undo } = stage;
    const snapshot = await readEtcd(cluster.rig);
    await sleep(snapshotAgeMs);
    undo(() => mendEtcdsPast(cluster));
    await wipe(stage);
    await writeEtcd(cluster.rig, snapshot);
  },
  // Its leases come back with a snapshot: in mode `off` the leader goes on by the one that its key is on.
  expects: { ...needsOperator, meanwhile: { off: 'anybody', or: 'same' } },
};

const hows: readonly How[] = ['kill', 'freeze', 'cut'];

export const etcdFaults: readonly Fault[] = [
  ...hows.map(member),
  ...hows.map(leader),
  quorum('kill', [60_000, 60_000]),
  quorum('freeze', [15_000, 30_000]),
  quorum('cut', [15_000, 30_000]),
  primaryToo,
  standbyToo,
  garbage,
  wiped,
  restored,
];
