/** Processes that are there and do nothing: SIGSTOP, or the kernel's freezer for a whole host. */
import { signalAll } from '../../rig/processes.ts';
import { always, type Expectation, type Fault, type Stage } from '../fault.ts';
import { postgresProcesses } from '../postgres-processes.ts';

type Range = Fault['lastsMs'];

const isRiddenOut: Expectation = {
  leader: always('same'),
  promotions: always([0, 0]),
  outage: always({ msMaxAfterHealing: 1_000 }),
  redundantMsMax: 10_000,
  never: ['fence-deadline', 'fenced-by-guardian', 'fence-hung', 'take-over', 'promote'],
};

/** The old leader may be frozen for as long as the fault lasts: in mode `strict` writes wait for it. */
const failsOver: Expectation = {
  leader: { off: 'either', or: 'other' },
  promotions: { off: [0, 1], or: [1, 1] },
  outage: { strict: { msMaxAfterHealing: 15_000 }, off: { msMax: 15_000 }, or: { msMax: 5_000 } },
  redundantMsMax: 25_000,
  rowsLostMaxOff: 500,
};

/** Mode `off` waits for the lease and for the old leader's own deadline. */
const takenOver: Expectation = {
  ...failsOver,
  leader: always('other'),
  promotions: always([1, 1]),
  rules: { off: ['promote'], or: ['take-over', 'promote'] },
};

interface Frozen {
  readonly name: string;
  readonly what: string;
  freeze(stage: Stage): Promise<unknown> | unknown;
  thaw(stage: Stage): void;
}

const thawLeader = ({ cluster, leader }: Stage) => cluster.rig.thaw(leader);

const postmaster: Frozen = {
  name: 'postmaster',
  what: 'The postmaster of the primary is',
  freeze: ({ cluster, leader }) => cluster.rig.freeze(leader, 'postmaster'),
  thaw: thawLeader,
};
const postgres: Frozen = {
  name: 'postgres',
  what: 'Every process of the primary PostgreSQL is',
  freeze: ({ cluster: { rig }, leader }) => signalAll(postgresProcesses(rig.member(leader)), 'SIGSTOP'),
  thaw: thawLeader,
};
const batond: Frozen = {
  name: 'batond',
  what: 'The batond of the primary is',
  freeze: ({ cluster, leader }) => cluster.rig.freeze(leader, 'batond'),
  thaw: thawLeader,
};
const standbyBatond: Frozen = {
  name: 'standby-batond',
  what: 'The batond of the standby is',
  freeze: ({ cluster, standby }) => cluster.rig.freeze(standby, 'batond'),
  thaw: ({ cluster, standby }) => cluster.rig.thaw(standby),
};
const guardian: Frozen = {
  name: 'guardian',
  what: 'The guardian of the primary is',
  freeze: ({ cluster, leader }) => cluster.rig.freeze(leader, 'guardian'),
  thaw: thawLeader,
};
const host: Frozen = {
  name: 'host',
  what: 'The whole host of the primary is',
  freeze: ({ cluster, leader }) => cluster.freezeHost(leader),
  thaw: ({ cluster, leader }) => cluster.thawHost(leader),
};
const standbyHost: Frozen = {
  name: 'standby-host',
  what: 'The whole host of the standby is',
  freeze: ({ cluster, standby }) => cluster.freezeHost(standby),
  thaw: ({ cluster, standby }) => cluster.thawHost(standby),
};

const frozen = (of: Frozen, suffix: string, lastsMs: Range, expects: Expectation): Fault => ({
  name: `freeze-${of.name}${suffix}`,
  family: 'freeze',
  says: `${of.what} frozen for ${seconds(lastsMs)} s`,
  lastsMs,
  ...(expects === isRiddenOut ? { noLonger: true } : {}),
  async inject(stage) {
    stage.undo(() => of.thaw(stage));
    await of.freeze(stage);
  },
  expects,
});

const seconds = ([min, max]: Range): string => (min === max ? `${min / 1000}` : `${min / 1000} to ${max / 1000}`);

const losesStandby: Expectation = {
  ...isRiddenOut,
  outage: { strict: { msMaxAfterHealing: 10_000 }, or: { msMax: 3_500 } },
  redundantMsMax: 20_000,
};

export const freezes: readonly Fault[] = [
  frozen(postmaster, '-briefly', [500, 900], isRiddenOut),
  frozen(postmaster, '', [8_000, 15_000], {
    ...failsOver,
    rules: { off: ['fence-hung'], or: ['fence-hung', 'promote'] },
  }),
  frozen(postgres, '-briefly', [500, 900], isRiddenOut),
  frozen(postgres, '', [8_000, 15_000], {
    ...failsOver,
    rules: { off: ['fence-hung'], or: ['fence-hung', 'promote'] },
  }),
  frozen(batond, '-briefly', [500, 7_000], isRiddenOut),
  frozen(batond, '', [15_000, 25_000], failsOver),
  frozen(standbyBatond, '', [1_000, 20_000], isRiddenOut),
  frozen(guardian, '-briefly', [500, 1_200], isRiddenOut),
  frozen(guardian, '', [5_000, 15_000], failsOver),
  frozen(host, '-briefly', [500, 700], isRiddenOut),
  frozen(host, '', [15_000, 20_000], takenOver),
  frozen(host, '-long', [60_000, 60_000], takenOver),
  frozen(standbyHost, '', [5_000, 15_000], losesStandby),
];
