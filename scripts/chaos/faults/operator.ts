/** People: commands that race each other and failures, and things done behind Baton's back. */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { asOwner, daemonOwner } from '../../rig/owner.ts';
import { tryBaton } from '../../rig/run-baton.ts';
import { always, type Expectation, type Fault, type Stage } from '../fault.ts';
import { leaderChanges, leaderMayChange, leaderStays } from './outcomes.ts';
import { killHost } from './strikes.ts';

const handsOver: Expectation = {
  ...leaderChanges,
  outage: { strict: { msMax: 10_000 }, or: { msMax: 1_500 } },
  redundantMsMax: 15_000,
  rules: always(['switchover-hand-over', 'promote']),
};

/** Commands and failures together: whoever leads in the end, there is one, and nothing is lost. */
const endsWell: Expectation = {
  ...leaderMayChange(3),
  outage: { strict: { msMaxAfterHealing: 15_000 }, off: { msMax: 20_000 }, or: { msMax: 6_000 } },
  redundantMsMax: 40_000,
  rowsLostMaxOff: 200,
};

const lastsMs = [4_000, 6_000] as const;
const reason = ['--yes', '--reason', 'chaos', '--timeout', '20s'] as const;

/** What it is told, if anything, is told by its exit code. */
async function ask({ cluster: { rig }, say }: Stage, host: string, verb: readonly string[]): Promise<void> {
  const { ended } = await tryBaton(rig, host, [...verb, ...reason]);
  say(`baton ${verb.join(' ')} on ${host} ended with ${ended}`);
}

const switchover: Fault = {
  name: 'operator-switchover',
  family: 'operator',
  says: 'A planned switchover',
  lastsMs,
  inject: (stage) => ask(stage, stage.leader, ['switchover']),
  expects: handsOver,
};

const race: Fault = {
  name: 'operator-two-switchovers',
  family: 'operator',
  says: 'Two people ask for a switchover at once, on two hosts',
  lastsMs,
  async inject(stage) {
    await Promise.all([ask(stage, stage.leader, ['switchover']), ask(stage, stage.standby, ['switchover'])]);
  },
  expects: { ...endsWell, promotions: always([1, 2]) },
};

const switchoverAndDeath: Fault = {
  name: 'operator-switchover-and-death',
  family: 'operator',
  says: 'A switchover is asked for, and the primary dies some moments later',
  lastsMs,
  async inject(stage) {
    const asked = ask(stage, stage.leader, ['switchover']);
    await sleep(stage.random.between(0, 1_500));
    await killHost(stage, stage.leader);
    await asked;
  },
  expects: endsWell,
};

const failoverAndDeath: Fault = {
  name: 'operator-failover-and-death',
  family: 'operator',
  says: 'The primary dies, and somebody asks for a failover that is under way already',
  lastsMs,
  async inject(stage) {
    const { leader, standby, random } = stage;
    await killHost(stage, leader);
    await sleep(random.between(0, 800));
    await ask(stage, standby, ['failover', '--candidate', standby]);
  },
  expects: endsWell,
};

const promote: Fault = {
  name: 'operator-manual-promote',
  family: 'operator',
  says: 'Somebody runs `pg_ctl promote` on the standby',
  lastsMs,
  async inject({ cluster: { rig }, standby }) {
    const { dataDir } = rig.member(standby).files;
    const pgCtl = '/usr/lib/postgresql/15/bin/pg_ctl';
    const [command, ...args] = asOwner(daemonOwner(), pgCtl, 'promote', '--no-wait', '-D', dataDir);
    execFileSync(command, args, { cwd: '/', stdio: 'ignore' });
  },
  expects: {
    ...leaderStays,
    outage: { strict: { msMax: 15_000 }, or: { msMax: 3_500 } },
    redundantMsMax: 25_000,
    rules: always([
      ['fence-not-leader', 'fence-unclaimed'],
      ['rejoin', 'clone'],
    ]),
    never: ['take-over', 'promote'],
  },
};

const restarts = 20;
const answersLimitMs = 20_000;

const upgrades: Fault = {
  name: 'operator-upgrades',
  family: 'operator',
  says: `batond is stopped and started again ${restarts} times on every member, one after the other`,
  lastsMs: [0, 0],
  async inject({ cluster: { rig, members }, journal }) {
    for (let restart = 0; restart < restarts; restart++) {
      for (const name of members) {
        const member = rig.member(name);
        member.detach();
        await rig.waitFor(
          `the end of batond of ${name}`,
          answersLimitMs,
          () => member.processes('batond').length === 0,
        );
        member.start();
        await rig.waitFor(
          `an answer of batond of ${name}`,
          answersLimitMs,
          async () => (await rig.status(name)) !== null,
        );
        journal.entries(); // Each daemon begins a file, and the oldest are deleted.
      }
    }
  },
  expects: {
    ...leaderStays,
    outage: always({ msMax: 500 }),
    redundantMsMax: 120_000,
    never: ['take-over', 'promote', 'fence-deadline', 'fenced-by-guardian', 'fence-hung'],
  },
};

export const operatorFaults: readonly Fault[] = [
  switchover,
  race,
  switchoverAndDeath,
  failoverAndDeath,
  promote,
  upgrades,
];
