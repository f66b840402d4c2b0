/** A whole host: its power, its processor, its clocks. */
import { aScenario, type Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const hourMs = 3_600_000;

const stepsClock = (ms: number) => async (stage: Stage) => {
  for (const member of stage.world.members) {
    stage.does(`the wall clock of ${member.name} is stepped by ${ms} ms`, () => {
      member.host.wallOffsetMs += ms;
    });
    await stage.lasts(3_000);
  }
};

/** Nothing of the host is scheduled for so long; with `suspended`, its monotonic clock does not count the time. */
const stands = (ms: number, suspended: boolean) => async (stage: Stage) => {
  const { host } = stage.primary;
  stage.does(`${host.name} ${suspended ? 'is suspended' : 'stands still'}`, () => host.pause(suspended));
  await stage.lasts(ms);
  stage.does(`${host.name} goes on`, () => host.resume());
};

export const hostScenarios: Readonly<Record<string, Scenario>> = {
  'host-dies': aScenario({
    says: 'a host whose power is cut is succeeded on evidence, before its lease runs out',
    play: async (stage) => stage.does('the power is cut', () => stage.primary.powerOff()),
    expect: { leader: 'moves', outageMsMax: 2_000, rules: ['take-over', 'promote'] },
  }),

  'standby-dies': aScenario({
    says: 'a standby whose power is cut leaves sync before PostgreSQL stops waiting for it',
    play: async (stage) => stage.does('the power is cut', () => stage.standby.powerOff()),
    expect: { leader: 'stays', outageMsMax: 4_000, rules: ['sync-remove-lost', 'wait-for-fewer', 'lead-exposed'] },
  }),

  'clock-stepped-forward': aScenario({
    says: 'wall clocks that are stepped forward by an hour cost nobody anything',
    checklist: [9],
    play: stepsClock(hourMs),
    expect: { leader: 'stays' },
  }),

  'clock-stepped-back': aScenario({
    says: 'wall clocks that are stepped back by an hour cost nobody anything',
    checklist: [9],
    play: stepsClock(-hourMs),
    expect: { leader: 'stays' },
  }),

  'host-stands-still': aScenario({
    says: 'a host that stands still for longer than its lease is succeeded, and fences before anything else when it goes on',
    checklist: [10, 53],
    play: stands(9_000, false),
    expect: { leader: 'moves', outageMsMax: 2_000, rules: ['take-over', 'rejoin'] },
  }),

  'host-suspended': aScenario({
    says: 'a host that is suspended for longer than its lease is succeeded, and fences before anything else when it goes on',
    checklist: [10, 29],
    play: stands(9_000, true),
    expect: { leader: 'moves', outageMsMax: 2_000, rules: ['take-over', 'rejoin'] },
  }),

  'host-suspended-off': aScenario({
    says: 'in mode off a suspended primary has lost its processes before it is asked for a write again',
    checklist: [10],
    mode: 'off',
    seconds: 25,
    play: async (stage) => {
      const { primary, standby } = stage;
      stage.does('batond freezes', () => primary.batond?.process.stop());
      // What was under way when the host fell asleep may be answered in the instant in which it wakes.
      stage.losesClients(primary);
      await stage.lasts(1_500);
      stage.does('the host is suspended', () => primary.host.pause(true));
      await stage.until('its successor acknowledges', () => stage.acknowledges(standby), 15_000);
      stage.isolates(primary);
      stage.does('the host goes on, and only clients reach it', () => primary.host.resume());
      await stage.lasts(20);
      stage.regainsClients(primary);
      await stage.lasts(3_000);
    },
    expect: { leader: 'moves', outageMsMax: 12_500, rules: ['await-old-deadline', 'campaign'] },
  }),

  'power-cut-of-both': aScenario({
    says: 'after a power cut of every host the cluster comes back by itself, with all that was acknowledged',
    checklist: [30],
    seconds: 20,
    play: async (stage) => {
      stage.does('the power of every host is cut', () => {
        for (const member of stage.world.members) member.powerOff();
      });
      await stage.lasts(3_000);
      stage.does('it returns', () => {
        for (const member of stage.world.members) member.powerOn();
      });
    },
    expect: { leader: 'either', outageMsMax: 15_000 },
  }),

  'power-returns-to-the-standby': aScenario({
    says: 'after a power cut of both the standby that sync names may lead alone, once the old primary was waited for',
    checklist: [30],
    seconds: 30,
    play: async (stage) => {
      stage.does('the power of both is cut', () => {
        stage.primary.powerOff();
        stage.standby.powerOff();
      });
      await stage.lasts(7_000);
      stage.does("the standby's power returns", () => stage.standby.powerOn());
      await stage.until('it serves', () => stage.serves(stage.standby), 25_000);
    },
    expect: { leader: 'moves', outageMsMax: 25_000, rules: ['cold-start-wait', 'start-to-promote'] },
  }),

  'power-returns-to-the-exposed': aScenario({
    says: 'a standby that sync no longer names does not lead, however long the primary is away',
    checklist: [28, 30],
    seconds: 35,
    play: async (stage) => {
      const { primary, standby } = stage;
      stage.parts(primary, standby);
      await stage.until('the standby is not named any more', () => !stage.named(standby));
      await stage.lasts(2_000);
      stage.does("the primary's power is cut", () => primary.powerOff());
      stage.rejoins(primary, standby);
      await stage.until('its lease has run out', () => stage.world.etcd.get('leader') === null);
      await stage.lasts(15_000);
    },
    expect: { leader: 'stays', outageMsMax: 40_000, rules: ['lead-exposed', 'await-leader'] },
  }),
};
