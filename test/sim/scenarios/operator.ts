/** What an operator asks for, or does beside Baton. */
import { keyOf } from '../../../src/core/key-format.ts';
import { aScenario, type Scenario } from './scenario.ts';

export const operatorScenarios: Readonly<Record<string, Scenario>> = {
  switchover: aScenario({
    says: 'a planned switchover moves the primary without loss',
    checklist: [37],
    play: async (stage) => {
      stage.does('a switchover is asked for', () => stage.world.operator.askSwitchover());
      await stage.until('it is done', () => stage.serves(stage.standby) && stage.world.etcd.get('failover') === null);
    },
    expect: {
      leader: 'moves',
      outageMsMax: 1_000,
      rules: ['switchover-checkpoint', 'switchover-stop', 'switchover-hand-over', 'claim', 'promote', 'request-done'],
    },
  }),

  'switchovers-in-a-row': aScenario({
    says: 'four switchovers in a row end where they began',
    checklist: [54],
    seconds: 40,
    play: async (stage) => {
      for (const leader of [stage.standby, stage.primary, stage.standby, stage.primary]) {
        await stage.until('both are redundant', () => stage.world.redundant(), 15_000);
        await stage.lasts(500);
        stage.does('a switchover is asked for', () => stage.world.operator.askSwitchover());
        await stage.until('the other serves', () => stage.serves(leader), 15_000);
      }
    },
    expect: { leader: 'stays', promotions: 4, outageMsMax: 12_000, rules: ['request-done'] },
  }),

  'switchover-races-a-failure': aScenario({
    says: 'a switchover in whose middle the old primary loses its power becomes a failover',
    checklist: [49],
    play: async (stage) => {
      const { primary } = stage;
      stage.does('a switchover is asked for', () => stage.world.operator.askSwitchover());
      await stage.until('postgres stops', () => primary.running?.phase === 'stopping');
      stage.does('the power is cut', () => primary.powerOff());
    },
    expect: { leader: 'moves', outageMsMax: 8_000, rules: ['switchover-stop', 'promote'] },
  }),

  'promoted-by-hand-in-its-own-term': aScenario({
    says: 'a member whose promotion failed, and which somebody promotes while it leads, takes writes',
    mode: 'strict',
    seconds: 20,
    play: async (stage) => {
      const { standby } = stage;
      const { storage } = standby.disk;
      stage.does('a switchover is asked for', () => stage.world.operator.askSwitchover());
      await stage.until('the old primary stops', () => stage.primary.running?.phase === 'stopping');
      stage.does("the candidate's disk is full", () => storage.become({ kind: 'full', where: 'data' }));
      await stage.until('it leads', () => stage.leads(standby));
      await stage.lasts(50);
      stage.does('there is room again', () => storage.become({ kind: 'sound' }));
      stage.promotesByHand(standby);
      await stage.until('clients write there', () => stage.acknowledges(standby), 15_000);
    },
    expect: { leader: 'moves', promotions: null, outageMsMax: 10_000, rules: ['promote', 'furnish'] },
  }),

  // Seed 816972: held for another daemon of its name, it left what somebody had promoted by hand running for five seconds.
  'promoted-by-hand-under-a-taken-name': aScenario({
    says: 'a standby whose name another daemon has ends its PostgreSQL when somebody promotes it by hand',
    play: async (stage) => {
      const { primary, standby, world } = stage;
      const lease = world.etcd.get(keyOf.member(primary.name))?.leaseId;
      const record = JSON.parse(world.etcd.get(keyOf.member(standby.name))?.value ?? '{}');
      stage.does('another daemon writes the key of the standby', () => {
        world.etcd.put(keyOf.member(standby.name), JSON.stringify({ ...record, lease_id: lease }), lease);
      });
      await stage.until('the standby holds', () => stage.rule(standby) === 'hold');
      stage.promotesByHand(standby);
      await stage.until('it is promoted', () => standby.running?.phase === 'primary');
      await stage.until('it is fenced', () => stage.fenced(standby), 500);
      stage.does('the other daemon ends', () => world.etcd.delete(keyOf.member(standby.name)));
    },
    expect: { leader: 'stays', promotions: null, outageMsMax: 3_000, rules: ['fence-not-leader'] },
  }),

  'forced-onto-a-former-primary': aScenario({
    says: 'an operator who accepts loss has a former primary lead that is down and was never rewound: it starts as what it was, without what its successor acknowledged',
    seconds: 40,
    play: async (stage) => {
      const { primary, standby, world } = stage;
      stage.does("the primary's power is cut", () => primary.powerOff());
      await stage.until('its successor takes writes', () => stage.acknowledges(standby));
      await stage.lasts(1_000);
      stage.does("the successor's power is cut, and the former primary comes back", () => {
        standby.powerOff();
        primary.powerOn();
      });
      await stage.until(
        'nobody leads',
        () => world.etcd.get('leader') === null && stage.rule(primary) === 'await-leader',
      );
      const seed = world.members.indexOf(primary) / world.members.length;
      stage.does('a failover is asked for, accepting loss', () => world.operator.askFailover(primary, seed, true));
      await stage.until('it serves', () => stage.serves(primary));
    },
    expect: {
      leader: 'stays',
      promotions: 1,
      outageMsMax: 20_000,
      rules: ['forced-take-over', 'restart-in-place'],
      never: ['release-unusable'],
    },
  }),

  'promoted-by-hand-once-a-loss-was-accepted': aScenario({
    says: 'an operator who accepts loss promotes the new leader by hand as well, because its own promotion takes so long',
    seconds: 30,
    play: async (stage) => {
      const { primary, standby, world } = stage;
      stage.parts(primary, standby);
      await stage.until('the primary goes on alone', () => stage.acknowledges(primary) && !stage.named(standby));
      await stage.lasts(1_000);
      stage.does("the standby's disk is slow", () => standby.disk.storage.become({ kind: 'slow', syncMs: 1_000 }));
      stage.does('a failover is asked for, accepting loss', () => world.operator.askFailover(primary, 0, true));
      await stage.until('the standby has claimed', () => stage.leads(standby) && world.sync()?.leader === standby.name);
      stage.promotesByHand(standby);
      await stage.until('it is out of recovery', () => standby.running?.phase === 'primary');
      stage.does('its disk is as it was', () => standby.disk.storage.become({ kind: 'sound' }));
      stage.rejoins(primary, standby);
      await stage.until('clients write there', () => stage.acknowledges(standby));
    },
    expect: { leader: 'moves', outageMsMax: 15_000, rules: ['forced-stop', 'forced-hand-over', 'promote'] },
  }),

  'candidate-dies-in-a-switchover': aScenario({
    says: 'a switchover whose candidate dies while postgres stops is rolled back',
    checklist: [49],
    seconds: 20,
    play: async (stage) => {
      const { primary, standby } = stage;
      stage.does('a switchover is asked for', () => stage.world.operator.askSwitchover());
      await stage.until('postgres stops', () => primary.running?.phase === 'stopping');
      stage.does("the candidate's power is cut", () => standby.powerOff());
      await stage.until('the old primary serves again', () => stage.serves(primary), 18_000);
    },
    expect: { leader: 'stays', outageMsMax: 15_000, rules: ['switchover-stop', 'restart-in-place'] },
  }),

  'configuration-damaged': aScenario({
    says: 'a configuration that nobody can read changes nothing, also not in a failover',
    checklist: [46],
    play: async (stage) => {
      const { etcd } = stage.world;
      const config = etcd.get('config')?.value ?? '';
      stage.does('the configuration is damaged', () => etcd.put('config', '{"synchronous": '));
      await stage.lasts(2_000);
      stage.does('the postmaster is killed', () => stage.primary.running?.killPostmaster());
      await stage.until('the standby serves', () => stage.serves(stage.standby));
      stage.does('the operator mends it', () => etcd.put('config', config));
    },
    expect: { leader: 'moves', outageMsMax: 1_000, rules: ['hand-over-dead-postgres'] },
  }),

  'lag-off': aScenario({
    says: 'in mode off a standby that is further behind than maxLag does not lead by itself',
    checklist: [27],
    mode: 'off',
    seconds: 30,
    play: async (stage) => {
      const { primary, standby, world } = stage;
      stage.configures('"maxLag":"32KiB"', '"maxLag":"1KiB"');
      stage.does('the stream stands still', () => standby.running?.process.stop());
      await stage.lasts(4_000);
      stage.does("the primary's power is cut", () => primary.powerOff());
      stage.does('the standby goes on', () => standby.running?.process.continue());
      await stage.until("the primary's lease has run out", () => world.etcd.get('leader') === null);
      await stage.lasts(12_000);
      stage.does("the primary's power returns", () => primary.powerOn());
      await stage.until('it serves', () => stage.serves(primary));
    },
    expect: { leader: 'stays', outageMsMax: 40_000, rules: ['hold-lag'] },
  }),

  'replay-left-paused': aScenario({
    says: 'a standby whose replay somebody paused resumes it, and leads with all that it received',
    checklist: [51],
    play: async (stage) => {
      const { primary, standby } = stage;
      stage.does('replay is paused', () => standby.running?.replay.setPaused(true));
      await stage.until('it goes on', () => standby.running?.replay.paused === false);
      stage.does('replay is paused once more, and the postmaster is killed', () => {
        standby.running?.replay.setPaused(true);
        primary.running?.killPostmaster();
      });
    },
    expect: { leader: 'moves', outageMsMax: 2_000, rules: ['resume-replay', 'promote'] },
  }),

  'mode-changes': aScenario({
    says: 'the mode of a cluster that serves goes from available to strict to off and back, and no write is lost',
    seconds: 25,
    play: async (stage) => {
      const { world } = stage;
      for (const [from, to] of [
        ['available', 'strict'],
        ['strict', 'off'],
        ['off', 'available'],
      ] as const) {
        stage.configures(`"${from}"`, `"${to}"`);
        await stage.until(`the mode is ${to}`, () => world.sync()?.mode === to);
        await stage.until('it is in force', () =>
          to === 'off' ? world.primaries()[0]?.running?.waits.flag === false : stage.named(stage.standby),
        );
        await stage.lasts(1_000);
      }
    },
    expect: { leader: 'stays', outageMsMax: 1_000, rules: ['mode-empty-sync', 'mode-change'] },
  }),

  'mode-changes-after-a-failover-off': aScenario({
    says: 'an old primary that nobody could stop or reach led in mode off, and promises no more because its successor changes the mode',
    mode: 'off',
    seconds: 20,
    play: async (stage) => {
      const { primary, standby, world } = stage;
      const { running } = primary;
      stage.does('both daemons of the primary freeze', () => {
        primary.batond?.process.stop();
        primary.guardian?.process.stop();
      });
      await stage.until('its lease has run out', () => world.etcd.get('leader') === null);
      await stage.lasts(3_000);
      primary.disk.storage.become({ kind: 'slow', syncMs: 700 });
      await stage.lasts(300);
      stage.does('its postgres freezes, with commits under way', () => running?.process.stop());
      await stage.until('the standby is being promoted', () => stage.rule(standby) === 'promote');
      stage.configures('"off"', '"available"');
      await stage.until('the mode is available', () => world.sync()?.mode === 'available');
      stage.does('the postgres of before goes on', () => running?.process.continue());
      await stage.until('it acknowledges', () => stage.acknowledges(primary));
      primary.disk.storage.become({ kind: 'sound' });
      await stage.until('its successor fences it', () => stage.fenced(primary));
    },
    expect: { leader: 'moves', outageMsMax: 10_000, rules: ['await-old-deadline', 'campaign', 'mode-change'] },
  }),
};
