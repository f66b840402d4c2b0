/** One process ends, hangs or is replaced. */
import { incidentsOn } from '../hosts/fake-ledger.ts';
import { aScenario, type Scenario } from './scenario.ts';
import { takesOver } from './transaction-shapes.ts';

export const processScenarios: Readonly<Record<string, Scenario>> = {
  calm: aScenario({
    says: 'where nothing goes wrong, nobody fails over and no write waits',
    play: async () => {},
    expect: { leader: 'stays', never: ['campaign', 'take-over', 'sync-remove-lost', 'lead-exposed'] },
  }),

  'postmaster-killed': aScenario({
    says: 'a killed postmaster is failed over at once',
    checklist: [1],
    play: async (stage) => stage.does('the postmaster is killed', () => stage.primary.running?.killPostmaster()),
    expect: { leader: 'moves', outageMsMax: 500, rules: ['hand-over-dead-postgres', 'promote'] },
  }),

  'postmaster-killed-alone': aScenario({
    says: 'a killed postmaster without a standby is restarted in place',
    checklist: [1],
    play: async (stage) => {
      const { primary, standby } = stage;
      stage.does("the standby's host loses its power", () => standby.powerOff());
      await stage.until('nobody is named', () => !stage.named(standby));
      stage.does('the postmaster is killed', () => primary.running?.killPostmaster());
    },
    expect: { leader: 'stays', outageMsMax: 2_500, rules: ['sync-remove-lost', 'restart-in-place'] },
  }),

  'crash-loop': aScenario({
    says: 'a postgres that ends again and again while nobody else may lead is left alone once its budget is used, and tried again later',
    checklist: [2],
    seconds: 45,
    play: async (stage) => {
      const { primary, standby } = stage;
      stage.configures('"crashBudget":"99 in 1h"', '"crashBudget":"2 in 20s"');
      stage.does("the standby's host loses its power", () => standby.powerOff());
      await stage.until('nobody is named', () => !stage.named(standby));
      for (const time of ['first', 'second', 'third']) {
        await stage.until('the primary serves', () => stage.serves(primary));
        stage.does(`the postmaster is killed for the ${time} time`, () => primary.running?.killPostmaster());
      }
      await stage.until('it is left alone', () => stage.rule(primary) === 'hold-crash-budget');
      await stage.until('it serves again', () => stage.serves(primary), 25_000);
    },
    expect: { leader: 'stays', outageMsMax: 25_000, rules: ['restart-in-place', 'hold-crash-budget'] },
  }),

  'guardian-killed': aScenario({
    says: 'a killed guardian is failed over like a killed postmaster',
    checklist: [1],
    play: async (stage) => stage.does('the guardian is killed', () => stage.primary.guardian?.kill()),
    expect: { leader: 'moves', outageMsMax: 500, rules: ['promote'] },
  }),

  'postgres-frozen': aScenario({
    says: 'a frozen postgres is fenced by its own daemon and succeeded',
    checklist: [4, 5],
    play: async (stage) => stage.does('postgres freezes', () => stage.primary.running?.process.stop()),
    expect: { leader: 'moves', outageMsMax: 3_000, rules: ['fence-hung', 'promote'] },
  }),

  // A soak on a saturated machine: fresh connections took 1.6 s, and a leader that acknowledged all the while was fenced.
  'nobody-new-is-served-for-a-while': aScenario({
    says: 'a postgres that serves its sessions and lets nobody new in for five seconds is busy, and leads on',
    checklist: [4],
    play: async (stage) => {
      const postmaster = stage.primary.running?.postmaster;
      stage.does('the postmaster stands still', () => postmaster?.stop());
      const { all } = stage.world.invariants.acknowledged;
      const [acknowledged, sinceMs] = [all.length, stage.world.clock.mono()];
      await stage.until('sessions that were there are served', () => all.length > acknowledged, 500);
      await stage.lasts(5_000 - (stage.world.clock.mono() - sinceMs));
      stage.does('the postmaster goes on', () => postmaster?.continue());
      await stage.lasts(1_000);
    },
    // Its clients recycle their sessions, all of them perhaps: whoever does so meanwhile waits until it goes on.
    expect: { leader: 'stays', outageMsMax: 5_500, never: ['fence-hung', 'take-over'] },
  }),

  'nobody-new-is-served': aScenario({
    says: 'a postgres that serves its sessions and lets nobody new in is fenced after six seconds and succeeded',
    checklist: [4],
    play: async (stage) => {
      stage.does('the postmaster stands still', () => stage.primary.running?.postmaster.stop());
      await stage.until('it is fenced', () => stage.fenced(stage.primary), 7_500);
    },
    expect: { leader: 'moves', outageMsMax: 4_000, rules: ['fence-hung', 'promote'] },
  }),

  // Chaos on a throttled machine: every connection took longer than each of them was given.
  'everybody-new-waits-long': aScenario({
    says: 'a postgres that needs 0.7 s for every new connection serves whoever waits for it, and leads on for as long as that lasts',
    checklist: [4],
    play: async (stage) => {
      const { circumstances } = stage.primary.disk;
      stage.does('new connections take 700 ms', () => {
        circumstances.admissionTakesMs = 700;
      });
      await stage.lasts(12_000);
      stage.does('new connections take as long as ever', () => {
        circumstances.admissionTakesMs = 0;
      });
      await stage.lasts(1_000);
    },
    // Clients that wait 300 ms for a connection get in when it is over.
    expect: { leader: 'stays', outageMsMax: 13_000, never: ['fence-hung', 'take-over'] },
  }),

  'batond-killed-for-good': aScenario({
    says: 'a batond that does not come back costs nothing for ten seconds; then its guardian stops postgres and gives the lease back',
    checklist: [11],
    seconds: 20,
    play: async (stage) => stage.does('batond is killed', () => stage.primary.killBatond()),
    expect: { leader: 'moves', outageMsMax: 1_500, rules: ['campaign', 'promote'] },
  }),

  'batond-frozen': aScenario({
    says: 'a batond that stands still for five seconds costs nobody anything',
    checklist: [12],
    play: async (stage) => {
      const { batond } = stage.primary;
      stage.does('batond freezes', () => batond?.process.stop());
      await stage.lasts(5_000);
      stage.does('batond goes on', () => batond?.process.continue());
    },
    expect: { leader: 'stays' },
  }),

  'batond-upgraded': aScenario({
    says: 'a batond that is replaced three times in a row costs nobody anything',
    checklist: [13],
    play: async (stage) => {
      for (let time = 1; time <= 3; time += 1) {
        stage.does('batond is killed', () => stage.primary.killBatond());
        await stage.lasts(1_500);
        stage.does('batond is started', () => stage.primary.startBatond());
        await stage.until('it leads on', () => stage.rule(stage.primary) === 'lead');
      }
    },
    expect: { leader: 'stays' },
  }),

  'host-shuts-down': aScenario({
    says: 'a host that is shut down hands over before its postgres ends',
    play: async (stage) => stage.does('the guardian is told to end', () => stage.primary.guardian?.terminate()),
    expect: { leader: 'moves', outageMsMax: 1_000, rules: ['stop-for-shutdown', 'promote'] },
  }),

  'restarted-before-the-promotion-off': aScenario({
    says: 'in mode off a batond that was restarted after it took the key knows from whom: it stops the old primary before it promotes',
    mode: 'off',
    checklist: [10],
    seconds: 40,
    play: async (stage) => {
      const { primary, standby } = stage;
      stage.does('batond and guardian of the primary freeze', () => {
        primary.batond?.process.stop();
        primary.guardian?.process.stop();
      });
      const taking = stage.holds(standby, 'the key is taken', takesOver);
      await stage.until('the key is taken', () => taking.underWay, 15_000);
      stage.does('batond is killed, and started again', () => {
        standby.killBatond();
        taking.release();
        standby.startBatond();
      });
      await stage.until('the standby serves', () => stage.serves(standby));
      if (!stage.fenced(primary)) throw new Error('the old primary was not stopped');
      await stage.until('the outage is on record, and whom it befell', () =>
        incidentsOn(standby).some(({ oldLeader }) => oldLeader?.member === primary.name),
      );
    },
    expect: { leader: 'moves', outageMsMax: 1_500, rules: ['campaign', 'fence-remote-first', 'promote'] },
  }),
};
