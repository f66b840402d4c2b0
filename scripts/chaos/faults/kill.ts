/** Processes that end without a word: SIGKILL. */
import { signalAll } from '../../rig/processes.ts';
import { always, type Expectation, type Fault } from '../fault.ts';
import { leaderChangesButOff, leaderStays } from './outcomes.ts';
import { killBatond, killHost } from './strikes.ts';
import { clientBackends } from '../postgres-processes.ts';

/**
 * Somebody else leads at once; in mode `strict` writes wait until the old leader is its standby. Mode `off` starts a
 * dead PostgreSQL again where it is, which loses nothing, and waits for deadlines before anybody else leads.
 */
const failsOver: Expectation = {
  ...leaderChangesButOff,
  outage: { strict: { msMaxAfterHealing: 10_000 }, off: { msMax: 5_000 }, or: { msMax: 2_000 } },
  redundantMsMax: 20_000,
  rowsLostMaxOff: 50,
};

const staysAsItIs: Expectation = {
  ...leaderStays,
  outage: always({ msMax: 500 }),
  redundantMsMax: 10_000,
  never: [
    'fence-deadline',
    'fenced-by-guardian',
    'fence-hung',
    'hand-over-dead-postgres',
    'hand-over-unfenced',
    'take-over',
    'promote',
  ],
};

/** Clients wait until the leader has taken the standby out of `sync`; in mode `strict` until it is back. */
const losesStandby: Expectation = {
  ...staysAsItIs,
  outage: { strict: { msMaxAfterHealing: 10_000 }, or: { msMax: 2_500 } },
  redundantMsMax: 20_000,
};

const postmaster: Fault = {
  name: 'kill-postmaster',
  family: 'kill',
  says: 'The postmaster of the primary is killed',
  lastsMs: [2_000, 4_000],
  inject: async ({ cluster: { rig }, leader }) => void (await rig.killPostmaster(leader)),
  expects: {
    ...failsOver,
    rules: { off: [['restart-in-place', 'promote']], or: ['hand-over-dead-postgres', 'promote'] },
  },
};

const backend: Fault = {
  name: 'kill-backend',
  family: 'kill',
  says: 'One backend of the primary is killed, which ends its PostgreSQL (`restart_after_crash` is off)',
  lastsMs: [2_000, 4_000],
  async inject({ cluster: { rig }, leader, random }) {
    signalAll([random.pick(clientBackends(rig.member(leader)))], 'SIGKILL');
  },
  expects: {
    ...failsOver,
    rules: { off: [['restart-in-place', 'promote']], or: ['hand-over-dead-postgres', 'promote'] },
  },
};

const guardian: Fault = {
  name: 'kill-guardian',
  family: 'kill',
  says: 'The guardian of the primary is killed, and the kernel takes PostgreSQL with it',
  lastsMs: [2_000, 4_000],
  inject: async ({ cluster: { rig }, leader }) => void (await rig.member(leader).kill('guardian')),
  expects: {
    ...failsOver,
    rules: {
      off: [['restart-in-place', 'promote']],
      or: [['hand-over-dead-postgres', 'hand-over-unfenced'], 'promote'],
    },
  },
};

const batond: Fault = {
  name: 'kill-batond',
  family: 'kill',
  says: 'The batond of the primary is killed and started again before its guardian gives up',
  lastsMs: [500, 4_000],
  inject: (stage) => killBatond(stage, stage.leader),
  expects: staysAsItIs,
};

const batondForGood: Fault = {
  name: 'kill-batond-for-good',
  family: 'kill',
  says: 'The batond of the primary is killed and not started again until somebody else leads',
  lastsMs: [15_000, 18_000],
  inject: (stage) => killBatond(stage, stage.leader),
  expects: { ...failsOver, outage: { ...failsOver.outage, off: { msMax: 15_000 } } },
};

const bothBatond: Fault = {
  name: 'kill-batond-everywhere',
  family: 'kill',
  says: 'Every batond is killed and started again within seconds',
  lastsMs: [500, 4_000],
  inject: async (stage) => void (await Promise.all(stage.cluster.members.map((member) => killBatond(stage, member)))),
  expects: staysAsItIs,
};

const host: Fault = {
  name: 'kill-host',
  family: 'kill',
  says: 'Every process of the primary is killed at once; its kernel answers on',
  lastsMs: [3_000, 6_000],
  inject: (stage) => killHost(stage, stage.leader),
  expects: {
    ...failsOver,
    // Mode `off`: nobody takes over before the lease and the old leader's own deadline have passed; it is back before.
    outage: { ...failsOver.outage, off: { msMax: 15_000 } },
    rules: { off: [], or: ['take-over', 'promote'] },
  },
};

const standbyHost: Fault = {
  name: 'kill-standby-host',
  family: 'kill',
  says: 'Every process of the standby is killed at once',
  lastsMs: [3_000, 6_000],
  inject: (stage) => killHost(stage, stage.standby),
  expects: { ...losesStandby, rules: { off: [], or: ['sync-remove-lost'] } },
};

const standbyPostmaster: Fault = {
  name: 'kill-standby-postmaster',
  family: 'kill',
  says: 'The postmaster of the standby is killed',
  lastsMs: [2_000, 4_000],
  inject: async ({ cluster: { rig }, standby }) => void (await rig.killPostmaster(standby)),
  expects: losesStandby,
};

export const kills: readonly Fault[] = [
  postmaster,
  backend,
  guardian,
  batond,
  batondForGood,
  bothBatond,
  host,
  standbyHost,
  standbyPostmaster,
];
