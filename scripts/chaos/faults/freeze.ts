/** Processes that are there and do nothing: SIGSTOP, or the kernel's freezer for a whole host. */
import { signalAll } from '../../rig/processes.ts';
import type { Part, RigMember } from '../../rig/rig-member.ts';
import { always, type Expectation, type Fault, type Stage } from '../fault.ts';
import { leaderChanges, leaderChangesButOff, leaderStays } from './outcomes.ts';
import { freezeHost } from './strikes.ts';
import { postgresProcesses } from '../postgres-processes.ts';

type Range = Fault['lastsMs'];

const isRiddenOut: Expectation = {
  ...leaderStays,
  outage: always({ msMaxAfterHealing: 1_000 }),
  redundantMsMax: 10_000,
  never: ['fence-deadline', 'fenced-by-guardian', 'fence-hung', 'take-over', 'promote'],
};

/** The old leader may be frozen for as long as the fault lasts: in mode `strict` writes wait for it. */
const failsOver: Expectation = {
  ...leaderChangesButOff,
  outage: { strict: { msMaxAfterHealing: 15_000 }, off: { msMax: 15_000 }, or: { msMax: 5_000 } },
  redundantMsMax: 25_000,
  rowsLostMaxOff: 500,
};

/** Mode `off` waits for the lease and for the old leader's own deadline. */
const takenOver: Expectation = {
  ...failsOver,
  ...leaderChanges,
  rules: { off: ['promote'], or: ['take-over', 'promote'] },
};

type Who = 'leader' | 'standby';
const roles: Readonly<Record<Who, string>> = { leader: 'primary', standby: 'standby' };

interface Frozen {
  readonly name: string;
  readonly what: string;
  /** Until the healing. */
  freeze(stage: Stage): Promise<void>;
}

const processes = (name: string, what: string, who: Who, freeze: (member: RigMember) => unknown): Frozen => ({
  name,
  what,
  async freeze({ cluster: { rig }, undo, [who]: member }) {
    undo(() => rig.thaw(member));
    await freeze(rig.member(member));
  },
});
const oneProcess = (name: string, part: Part, who: Who): Frozen =>
  processes(name, `The ${part} of the ${roles[who]}`, who, (member) => member.freeze(part));
const wholeHost = (name: string, who: Who): Frozen => ({
  name,
  what: `The whole host of the ${roles[who]}`,
  freeze: (stage) => freezeHost(stage, stage[who]),
});

const postmaster = oneProcess('postmaster', 'postmaster', 'leader');
const batond = oneProcess('batond', 'batond', 'leader');
const guardian = oneProcess('guardian', 'guardian', 'leader');
const standbyBatond = oneProcess('standby-batond', 'batond', 'standby');
const postgres = processes('postgres', 'Every process of the primary PostgreSQL', 'leader', (member) =>
  signalAll(postgresProcesses(member), 'SIGSTOP'),
);
const host = wholeHost('host', 'leader');
const standbyHost = wholeHost('standby-host', 'standby');

const frozen = (of: Frozen, suffix: string, lastsMs: Range, expects: Expectation): Fault => ({
  name: `freeze-${of.name}${suffix}`,
  family: 'freeze',
  says: `${of.what} is frozen for ${seconds(lastsMs)} s`,
  lastsMs,
  ...(expects === isRiddenOut ? { noLonger: true } : {}),
  inject: (stage) => of.freeze(stage),
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
  // Its sessions are served: that is a busy machine for all anybody knows (ADR 28).
  frozen(postmaster, '-for-seconds', [3_000, 5_000], isRiddenOut),
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
