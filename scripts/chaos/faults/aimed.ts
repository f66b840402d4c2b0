/** Deaths in the middle of something, aimed by the journals. */
import { rmSync } from 'node:fs';
import type { Rule } from '../../../src/core/rules.ts';
import { tryBaton } from '../../rig/run-baton.ts';
import { aimAt } from '../aim.ts';
import { always, type Expectation, type Fault, type Stage } from '../fault.ts';
import { leaderChanges, leaderMayChange, leaderStays } from './outcomes.ts';
import { killBatond, killHost } from './strikes.ts';

/** Somebody leads again once all are back; before that perhaps nobody may. */
const recovers: Expectation = {
  ...leaderMayChange(2),
  outage: always({ msMaxAfterHealing: 20_000 }),
  redundantMsMax: 40_000,
  rowsLostMaxOff: 200,
};

const lastsMs = [4_000, 8_000] as const;

const promotion: Fault = {
  name: 'aimed-promotion',
  family: 'aimed',
  says: 'The postmaster of the primary is killed, and its successor dies in the middle of its promotion',
  // In mode `off` it starts in place: nobody is promoted.
  modes: ['available', 'strict'],
  lastsMs,
  async inject(stage) {
    await stage.cluster.rig.killPostmaster(stage.leader);
    await aimAt(stage, stage.standby, ['claim', 'promote'], [0, 60]);
    await killHost(stage, stage.standby);
  },
  expects: recovers,
};

const leaderSteps: readonly Rule[] = ['switchover-checkpoint', 'switchover-stop', 'switchover-hand-over'];
const candidateSteps: readonly Rule[] = ['claim', 'promote'];

/** The step is drawn for each round. */
const switchover = (name: string, victim: string, kill: (stage: Stage) => Promise<void>): Fault => ({
  name: `aimed-switchover-${name}`,
  family: 'aimed',
  says: `${victim} dies in one of the steps of a switchover`,
  lastsMs,
  async inject(stage) {
    const { cluster, leader, standby, random } = stage;
    const asked = tryBaton(cluster.rig, leader, ['switchover', '--yes', '--reason', 'chaos', '--timeout', '20s']);
    const [member, step] = random.pick([
      ...leaderSteps.map((rule) => [leader, rule] as const),
      ...candidateSteps.map((rule) => [standby, rule] as const),
    ]);
    stage.say(`at ${step} of ${member}`);
    await aimAt(stage, member, [step], [0, 40]);
    await kill(stage);
    stage.say(`baton switchover ended with ${(await asked).ended}`);
  },
  expects: recovers,
});

const degrade: Fault = {
  name: 'aimed-degrade',
  family: 'aimed',
  says: 'The standby dies, and the primary in the middle of going on without it',
  lastsMs,
  modes: ['available', 'strict'],
  async inject(stage) {
    await killHost(stage, stage.standby);
    await aimAt(stage, stage.leader, ['sync-remove-lost', 'wait-for-fewer'], [0, 60]);
    await killHost(stage, stage.leader);
  },
  expects: recovers,
};

const readd: Fault = {
  name: 'aimed-readd',
  family: 'aimed',
  says: 'The standby comes back, and the primary dies in the middle of making it synchronous again',
  lastsMs,
  modes: ['available', 'strict'],
  async inject(stage) {
    const { cluster, leader, standby, random } = stage;
    await cluster.killHost(standby);
    await aimAt(stage, leader, ['sync-remove-lost'], [0, 200]);
    cluster.switchOn(standby);
    await aimAt(stage, leader, [random.pick(['sync-add-wait', 'sync-add-prove', 'sync-add'] as const)], [0, 20]);
    await killHost(stage, leader);
  },
  expects: recovers,
};

const clone: Fault = {
  name: 'aimed-clone',
  family: 'aimed',
  says: 'The standby has lost its data directory, and dies while it is cloned',
  lastsMs,
  async inject(stage) {
    const { cluster, standby } = stage;
    await cluster.killHost(standby);
    rmSync(cluster.rig.member(standby).files.dataDir, { recursive: true });
    cluster.switchOn(standby);
    await aimAt(stage, standby, ['clone'], [20, 500]);
    await killHost(stage, standby);
  },
  expects: {
    ...leaderStays,
    outage: { strict: { msMaxAfterHealing: 15_000 }, or: { msMax: 3_500 } },
    redundantMsMax: 30_000,
    never: ['take-over', 'promote', 'fence-deadline', 'fenced-by-guardian'],
  },
};

const rewind: Fault = {
  name: 'aimed-rewind',
  family: 'aimed',
  says: 'The old primary comes back, and dies while it is rewound',
  lastsMs,
  modes: ['available', 'strict'],
  async inject(stage) {
    const { cluster, leader, standby } = stage;
    await cluster.killHost(leader);
    await aimAt(stage, standby, ['checkpoint-promoted'], [0, 500]);
    cluster.switchOn(leader);
    await aimAt(stage, leader, ['rejoin'], [0, 400]);
    await killHost(stage, leader);
  },
  expects: {
    ...leaderChanges,
    outage: { strict: { msMaxAfterHealing: 15_000 }, or: { msMax: 3_000 } },
    redundantMsMax: 30_000,
    rules: always(['rejoin']),
  },
};

export const aimedFaults: readonly Fault[] = [
  promotion,
  switchover('leader', 'The host of the old primary', (stage) => killHost(stage, stage.leader)),
  switchover('candidate', 'The host of the candidate', (stage) => killHost(stage, stage.standby)),
  switchover('batond', 'The batond of the old primary', (stage) => killBatond(stage, stage.leader)),
  degrade,
  readd,
  clone,
  rewind,
];
