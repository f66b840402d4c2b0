/** What a member's disk does, and what PostgreSQL makes of it. */
import { settingsOf } from '../hosts/settings.ts';
import { aScenario, type Scenario } from './scenario.ts';

export const storageScenarios: Readonly<Record<string, Scenario>> = {
  'disk-hangs': aScenario({
    says: 'a primary whose disk hangs is succeeded, also while its processes cannot die',
    checklist: [5],
    play: async (stage) => {
      const { storage } = stage.primary.disk;
      stage.does('the disk hangs', () => storage.become({ kind: 'hung' }));
      await stage.until('the standby serves', () => stage.serves(stage.standby));
      stage.does('the disk is mended', () => storage.become({ kind: 'sound' }));
    },
    expect: { leader: 'moves', outageMsMax: 5_000, rules: ['promote'] },
  }),

  'disk-hangs-off': aScenario({
    says: 'in mode off a primary whose disk hangs is succeeded once every process of it is gone',
    mode: 'off',
    checklist: [5],
    play: async (stage) => {
      const { storage } = stage.primary.disk;
      stage.does('the disk hangs', () => storage.become({ kind: 'hung', killable: true }));
      await stage.until('the standby serves', () => stage.serves(stage.standby));
      if (!stage.fenced(stage.primary)) throw new Error('the old primary has processes left');
      stage.does('the disk is mended', () => storage.become({ kind: 'sound' }));
    },
    expect: {
      leader: 'moves',
      outageMsMax: 3_500,
      rules: ['fence-hung', 'hand-over-hung-disk', 'promote'],
      never: ['release-unfenced'],
    },
  }),

  'disk-hangs-unkillable-off': aScenario({
    says: 'in mode off a primary whose processes cannot die gives the key up, and is succeeded one ttl later',
    mode: 'off',
    checklist: [5],
    seconds: 20,
    play: async (stage) => {
      const { primary, standby, world } = stage;
      const { storage } = primary.disk;
      stage.does('the disk hangs', () => storage.become({ kind: 'hung' }));
      await stage.until('the key is given up', () => world.etcd.get('leader') === null);
      await stage.lasts(settingsOf(primary.name, 'off').shared.lease.ttlMs - 100);
      if (stage.leads(standby)) throw new Error('the key was taken before the old deadline');
      await stage.until('the standby serves', () => stage.serves(standby));
      if (stage.fenced(primary)) throw new Error('the old primary has no process left: the scenario shows nothing');
      stage.does('the disk is mended', () => storage.become({ kind: 'sound' }));
    },
    expect: {
      leader: 'moves',
      outageMsMax: 9_500,
      rules: ['fence-hung', 'release-unfenced', 'await-old-deadline', 'campaign', 'promote'],
      never: ['hand-over-unfenced', 'hand-over-hung-disk'],
    },
  }),

  'disk-hangs-fenced-late-off': aScenario({
    says: 'in mode off the key that was given up with processes left is taken as soon as the host reports that they are gone',
    mode: 'off',
    checklist: [5],
    seconds: 20,
    play: async (stage) => {
      const { primary, standby, world } = stage;
      const { storage } = primary.disk;
      stage.does('the disk hangs', () => storage.become({ kind: 'hung' }));
      await stage.until('the key is given up', () => world.etcd.get('leader') === null);
      stage.does('processes can be killed, and nothing can be written', () =>
        storage.become({ kind: 'read-only', what: 'file system' }),
      );
      await stage.until('the standby serves', () => stage.serves(standby), 3_000);
      stage.does('the disk is mended', () => storage.become({ kind: 'sound' }));
    },
    expect: { leader: 'moves', outageMsMax: 5_000, rules: ['release-unfenced', 'campaign', 'promote'] },
  }),

  'wal-full': aScenario({
    says: 'a primary whose pg_wal is full is succeeded by a standby that has room',
    checklist: [6],
    seconds: 20,
    play: async (stage) => {
      const { storage } = stage.primary.disk;
      stage.does('pg_wal is full', () => storage.become({ kind: 'full', where: 'wal' }));
      await stage.until('the standby serves', () => stage.serves(stage.standby));
      stage.does('somebody makes room', () => storage.become({ kind: 'sound' }));
    },
    expect: { leader: 'moves', outageMsMax: 5_000, rules: ['promote'] },
  }),

  'wal-full-off': aScenario({
    says: 'in mode off a primary that has no room to start again gives the key to a standby that lacks no more than maxLag',
    mode: 'off',
    seconds: 25,
    play: async (stage) => {
      const { storage } = stage.primary.disk;
      stage.does('pg_wal is full', () => storage.become({ kind: 'full', where: 'wal' }));
      await stage.until('the standby serves', () => stage.serves(stage.standby), 8_000);
      stage.does('there is room again', () => storage.become({ kind: 'sound' }));
    },
    expect: { leader: 'moves', outageMsMax: 8_000, rules: ['hand-over-within-lag', 'promote', 'rejoin'] },
  }),

  'data-full': aScenario({
    says: 'a full data directory beside a pg_wal with room is no reason to fail over: writes fail until somebody makes room',
    checklist: [7],
    play: async (stage) => {
      const { storage } = stage.primary.disk;
      stage.does('the data directory is full', () => storage.become({ kind: 'full', where: 'data' }));
      await stage.lasts(4_000);
      stage.does('somebody makes room', () => storage.become({ kind: 'sound' }));
    },
    expect: { leader: 'stays', outageMsMax: 5_000, never: ['take-over', 'hand-over-dead-postgres'] },
  }),

  'disk-read-only': aScenario({
    says: 'a primary whose file system has become read-only is succeeded',
    checklist: [8],
    play: async (stage) => {
      const { storage } = stage.primary.disk;
      stage.does('the file system becomes read-only', () => storage.become({ kind: 'read-only', what: 'file system' }));
      await stage.until('the standby serves', () => stage.serves(stage.standby));
      stage.does('it is mounted again', () => storage.become({ kind: 'sound' }));
    },
    expect: { leader: 'moves', outageMsMax: 5_000, rules: ['promote'] },
  }),

  'standby-disk-read-only': aScenario({
    says: 'a standby that cannot write its WAL is tried again every few seconds, and is back soon after it can',
    checklist: [8],
    seconds: 40,
    play: async (stage) => {
      const { storage } = stage.standby.disk;
      const runs = new Set<string | undefined>();
      stage.does('its pg_wal becomes read-only', () => storage.become({ kind: 'read-only', what: 'pg_wal' }));
      for (let waitedMs = 0; waitedMs < 25_000; waitedMs += 5) {
        runs.add(stage.standby.running?.runId);
        await stage.lasts(5);
      }
      if (runs.size > 12) throw new Error(`it was started ${runs.size} times in 25 s`);
      stage.does('it is mounted again', () => storage.become({ kind: 'sound' }));
      await stage.until('both are redundant', () => stage.world.redundant(), 8_000);
    },
    expect: { leader: 'stays', outageMsMax: 5_000, rules: ['sync-remove-lost', 'retry-standby', 'sync-add'] },
  }),

  'promotion-dies': aScenario({
    says: 'a standby that dies in the middle of its promotion is promoted once more: nobody else has every commit',
    checklist: [31],
    seconds: 20,
    play: async (stage) => {
      const { primary, standby } = stage;
      stage.does('the next promotion will die', () => {
        standby.disk.circumstances.promotionDies = true;
      });
      stage.does('the postmaster is killed', () => primary.running?.killPostmaster());
      await stage.until('the promotion has died', () => standby.running === null);
      stage.does('the next will not', () => {
        standby.disk.circumstances.promotionDies = false;
      });
    },
    expect: { leader: 'either', outageMsMax: 10_000, rules: ['hand-over-dead-postgres', 'promote'] },
  }),

  'rewind-fails': aScenario({
    says: 'an old primary that cannot be rewound is copied anew',
    checklist: [29, 34],
    seconds: 20,
    play: async (stage) => {
      const { primary, standby } = stage;
      primary.disk.circumstances.rewindFails = true;
      stage.isolates(primary);
      await stage.until('its successor serves', () => stage.serves(standby));
      await stage.until('the old primary has fenced itself', () => stage.fenced(primary));
      stage.reachesEtcd(primary);
      stage.rejoins(primary, standby);
      await stage.until('both are redundant', () => stage.world.redundant(), 15_000);
      if (primary.disk.replaced.length === 0) throw new Error('no copy was made');
    },
    expect: { leader: 'moves', outageMsMax: 2_500, rules: ['rejoin', 'sync-add'] },
  }),

  // A soak: pgbench and base backups, each sync of etcd half a second, two standbys 2.5 s behind and flushing all the time.
  'standby-far-behind-and-etcd-silent': aScenario({
    says: 'a leader whose standby is behind and goes on flushing is not cut off when etcd does not answer for three seconds',
    checklist: [20],
    play: async (stage) => {
      const { primary, standby } = stage;
      stage.does("each sync of the standby's disk takes 1.2 s, and its daemon stands still", () => {
        standby.disk.storage.become({ kind: 'slow', syncMs: 1_200 });
        standby.batond?.process.stop();
      });
      stage.losesEtcd(primary);
      await stage.lasts(3_000);
      stage.reachesEtcd(primary);
      stage.does('both are well again', () => {
        standby.disk.storage.become({ kind: 'sound' });
        standby.batond?.process.continue();
      });
      await stage.lasts(1_000);
    },
    // A commit may wait for two such syncs, and for the sessions that were given up meanwhile.
    expect: { leader: 'stays', outageMsMax: 5_000, never: ['fenced-by-guardian', 'take-over'] },
  }),

  'standby-disk-lost-strict': aScenario({
    says: 'in mode strict what a standby confirmed before its disk was lost may be acknowledged by that word, and nothing else until it is copied anew',
    mode: 'strict',
    checklist: [34],
    seconds: 20,
    play: async (stage) => {
      const { primary, standby, world } = stage;
      stage.does('what the standby confirms is long under way', () =>
        world.network.trouble(standby.name, primary.name, { slowMs: 150 }),
      );
      const acknowledged = () => world.invariants.acknowledged.all.length;
      const confirmed = () => Math.max(0, ...[...(primary.running?.senders ?? [])].map(({ flushed }) => flushed));
      const durable = () => standby.disk.data?.records.slice(confirmed(), standby.disk.data.flushed) ?? [];
      await stage.until('a commit is durable there, and the primary does not know', () =>
        durable().some(({ kind }) => kind === 'commit'),
      );
      const before = acknowledged();
      stage.does('its power is cut and its disk lost', () => {
        standby.powerOff();
        standby.disk.lose();
      });
      await stage.until('the commit is acknowledged', () => acknowledged() > before, 1_000);
      await stage.lasts(1_000);
      const after = acknowledged();
      await stage.lasts(1_000);
      if (acknowledged() > after) throw new Error('commits are acknowledged without a standby');
      stage.does('it returns', () => {
        world.network.heal(standby.name, primary.name);
        standby.powerOn();
      });
      await stage.until('both are redundant', () => world.redundant(), 15_000);
    },
    expect: { leader: 'stays', outageMsMax: 8_000, rules: ['clone', 'sync-add'] },
  }),

  'wal-recycled': aScenario({
    says: 'a standby whose WAL the primary no longer has is copied anew',
    checklist: [35, 36],
    seconds: 30,
    play: async (stage) => {
      const { primary, standby } = stage;
      Object.assign(primary.disk.circumstances, { segmentRecords: 10, slotKeptRecords: 20 });
      stage.does("the standby's host loses its power", () => standby.powerOff());
      await stage.lasts(6_000);
      await stage.until('the primary has recycled what it lacks', () => {
        primary.running?.checkpoint(() => {});
        return (primary.disk.data?.walFrom ?? 0) > (standby.disk.data?.records.length ?? 0);
      });
      stage.does('its power returns', () => standby.powerOn());
      await stage.until('both are redundant', () => stage.world.redundant(), 20_000);
    },
    expect: { leader: 'stays', outageMsMax: 4_000, rules: ['sync-remove-lost', 'sync-add'] },
  }),

  'wal-recycled-while-parted': aScenario({
    says: 'a standby that finds, when it reaches the primary again, that its WAL is gone there is examined and copied anew',
    checklist: [35, 36],
    seconds: 45,
    play: async (stage) => {
      const { primary, standby } = stage;
      Object.assign(primary.disk.circumstances, { segmentRecords: 10, slotKeptRecords: 20 });
      stage.parts(primary, standby);
      await stage.lasts(6_000);
      await stage.until('the primary has recycled what it lacks', () => {
        primary.running?.checkpoint(() => {});
        return (primary.disk.data?.walFrom ?? 0) > (standby.disk.data?.records.length ?? 0);
      });
      stage.rejoins(primary, standby);
      await stage.until('both are redundant', () => stage.world.redundant(), 30_000);
    },
    expect: {
      leader: 'stays',
      outageMsMax: 4_000,
      rules: ['sync-remove-lost', 'stop-stuck-standby', 'rejoin', 'sync-add'],
    },
  }),

  'slots-lost': aScenario({
    says: 'a primary without its slots makes them again for those that come back',
    checklist: [36],
    seconds: 20,
    play: async (stage) => {
      const { primary, standby } = stage;
      stage.does('somebody drops every slot', () => primary.disk.data?.slots.clear());
      stage.parts(primary, standby);
      await stage.until('the standby is not named any more', () => !stage.named(standby));
      stage.rejoins(primary, standby);
      await stage.until('it is named again', () => stage.named(standby), 15_000);
    },
    expect: { leader: 'stays', outageMsMax: 4_000, rules: ['sync-add'] },
  }),
};
