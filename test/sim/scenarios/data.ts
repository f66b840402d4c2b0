/** Data directories that are not what they were. */
import { SimDirectory } from '../postgres/directory.ts';
import { aScenario, type Scenario } from './scenario.ts';

export const dataScenarios: Readonly<Record<string, Scenario>> = {
  'primary-cannot-start': aScenario({
    says: 'a primary whose data cannot be started is succeeded, and is copied anew from its successor',
    checklist: [3, 34],
    seconds: 20,
    play: async (stage) => {
      const { primary } = stage;
      stage.does('its data is damaged and its postmaster killed', () => {
        if (primary.disk.data !== null) primary.disk.data.unstartable = 'damaged';
        primary.running?.killPostmaster();
      });
    },
    expect: { leader: 'moves', outageMsMax: 500, rules: ['hand-over-dead-postgres', 'rejoin'] },
  }),

  'foreign-data': aScenario({
    says: 'a member that comes back with data of another cluster neither uses nor removes it',
    checklist: [44],
    seconds: 20,
    play: async (stage) => {
      const { standby } = stage;
      const own = standby.disk.data;
      const foreign = new SimDirectory('1234567', standby.disk);
      stage.does('the standby comes back with data of another system', () => {
        standby.powerOff();
        standby.disk.data = foreign;
        standby.powerOn();
      });
      await stage.until('it holds', () => stage.rule(standby) === 'hold-foreign-data');
      await stage.lasts(5_000);
      if (standby.disk.data !== foreign) throw new Error('the foreign data was touched');
      stage.does('the operator puts its own data back', () => {
        standby.powerOff();
        standby.disk.data = own;
        standby.powerOn();
      });
    },
    expect: { leader: 'stays', outageMsMax: 2_000, rules: ['hold-foreign-data'] },
  }),

  'recovered-and-not-replicated': aScenario({
    says: 'what a restart brought back and nobody else has is shown to nobody while a standby that lacks it may lead',
    checklist: [31],
    seconds: 25,
    play: async (stage) => {
      const { primary, standby } = stage;
      stage.parts(primary, standby);
      // Clients' commits are on one disk now, and wait.
      await stage.lasts(300);
      stage.does('its power is cut', () => primary.powerOff());
      await stage.lasts(100);
      stage.does('its power returns', () => primary.powerOn());
      await stage.until('it has recovered', () => primary.running?.phase === 'primary');
      await stage.lasts(400);
      stage.losesEtcd(primary);
      await stage.until('the standby serves', () => stage.serves(standby), 15_000);
      stage.rejoins(primary, standby);
      stage.reachesEtcd(primary);
    },
    expect: { leader: 'moves', outageMsMax: 10_000 },
  }),

  'rewind-interrupted': aScenario({
    says: 'a rewind that a power cut interrupted leaves a directory that nobody starts: it is copied anew',
    checklist: [29, 34],
    seconds: 20,
    play: async (stage) => {
      const { primary } = stage;
      stage.isolates(primary);
      await stage.until('its successor serves', () => stage.serves(stage.standby));
      await stage.until('the old primary has fenced itself', () => stage.fenced(primary));
      stage.reachesEtcd(primary);
      stage.rejoins(primary, stage.standby);
      await stage.until('it is being rewound', () => primary.disk.data?.unstartable !== null);
      stage.does('the power is cut', () => primary.powerOff());
      await stage.lasts(500);
      stage.does('the power returns', () => primary.powerOn());
    },
    expect: { leader: 'moves', outageMsMax: 2_000, rules: ['rejoin'] },
  }),

  'disk-lost': aScenario({
    says: 'a standby that comes back with an empty disk is copied anew, as another copy, once sync names the old one no more',
    checklist: [29],
    seconds: 20,
    play: async (stage) => {
      const { standby } = stage;
      stage.does('the standby loses its disk', () => {
        standby.powerOff();
        standby.disk.data = null;
        standby.powerOn();
      });
      await stage.until('it is redundant again', () => stage.world.redundant(), 15_000);
    },
    expect: { leader: 'stays', outageMsMax: 4_000, rules: ['sync-remove-lost', 'clone', 'sync-add'] },
  }),
};
