/** What happens to etcd itself. */
import { leaseId } from '../../../src/core/units.ts';
import { aScenario, type Scenario } from './scenario.ts';
import { puts } from './transaction-shapes.ts';

export const etcdScenarios: Readonly<Record<string, Scenario>> = {
  'etcd-election': aScenario({
    says: 'an etcd that elects another leader costs nobody anything',
    checklist: [17],
    play: async (stage) => stage.does('etcd elects', () => stage.world.etcd.changeLeader(2_500)),
    expect: { leader: 'stays' },
  }),

  'etcd-elects-while-the-standby-is-gone': aScenario({
    says: 'a leader is not cut off when the hosts of its standby and of the leader of etcd die together: it waits for the election',
    checklist: [22],
    play: async (stage) => {
      const { primary, standby, world } = stage;
      stage.does("the standby's host loses its power, and etcd elects", () => {
        standby.powerOff();
        world.etcd.changeLeader(2_500);
      });
      await stage.until('it goes on alone', () => stage.acknowledges(primary) && !stage.named(standby), 5_000);
    },
    expect: {
      leader: 'stays',
      outageMsMax: 4_000,
      rules: ['sync-remove-lost'],
      never: ['fenced-by-guardian', 'fence-deadline', 'restart-in-place'],
    },
  }),

  'etcd-without-quorum': aScenario({
    says: 'an etcd that decides nothing for a minute costs nobody anything: the standby proves that nobody else leads',
    checklist: [15],
    seconds: 70,
    play: async (stage) => {
      const { etcd } = stage.world;
      stage.does('etcd loses its quorum', () => etcd.loseQuorum());
      await stage.lasts(60_000);
      stage.does('etcd has a quorum again', () => etcd.regainQuorum());
    },
    expect: { leader: 'stays', rules: ['lead-blind', 'follow-blind'] },
  }),

  'etcd-without-quorum-busy': aScenario({
    says: 'without etcd a leader whose host is so busy that every answer of its PostgreSQL takes most of a second goes on',
    checklist: [15],
    seconds: 25,
    play: async (stage) => {
      const { etcd } = stage.world;
      const { circumstances } = stage.primary.disk;
      stage.does('etcd loses its quorum', () => etcd.loseQuorum());
      await stage.lasts(6_000);
      stage.does('the host is busy', () => {
        circumstances.answersTakeMs = 650;
      });
      await stage.lasts(10_000);
      stage.does('it is not any more', () => {
        circumstances.answersTakeMs = 0;
      });
      stage.does('etcd has a quorum again', () => etcd.regainQuorum());
    },
    expect: { leader: 'stays', promotions: 0, rules: ['lead-blind'], never: ['fenced-by-guardian'] },
  }),

  'etcd-without-quorum-off': aScenario({
    says: 'in mode off a primary without etcd is fenced at its deadline, and leads again when etcd is back',
    checklist: [15],
    mode: 'off',
    seconds: 25,
    play: async (stage) => {
      const { etcd } = stage.world;
      stage.does('etcd loses its quorum', () => etcd.loseQuorum());
      await stage.until('the primary has fenced itself', () => stage.fenced(stage.primary));
      await stage.lasts(3_000);
      stage.does('etcd has a quorum again', () => etcd.regainQuorum());
    },
    expect: { leader: 'stays', outageMsMax: 9_000 },
  }),

  'etcd-stood-still': aScenario({
    says: 'an etcd that stood still until every lease had run out costs nobody anything, whoever gets a lease first',
    checklist: [15],
    seconds: 30,
    play: async (stage) => {
      const { etcd } = stage.world;
      stage.does('etcd stands still', () => etcd.loseQuorum());
      await stage.lasts(20_000);
      stage.losesEtcd(stage.primary);
      stage.does('etcd goes on', () => etcd.regainQuorum());
      stage.leasesVanish();
      await stage.until('the standby sees that nobody leads', () => stage.rule(stage.standby) === 'yield-campaign');
      await stage.lasts(300);
      stage.reachesEtcd(stage.primary);
    },
    expect: { leader: 'stays', promotions: 0, rules: ['lead-blind', 'follow-blind'] },
  }),

  'etcd-stands-still-again': aScenario({
    says: 'a leader that sees its key gone, and gets no lease from an etcd that stands still again, serves on by its proofs',
    checklist: [15],
    seconds: 30,
    play: async (stage) => {
      const { etcd } = stage.world;
      stage.leaseVanishes();
      await stage.until('the leader sees that nobody leads', () => stage.rule(stage.primary) === 'campaign');
      stage.does('etcd stands still', () => etcd.loseQuorum());
      await stage.lasts(8_000);
      stage.does('etcd goes on', () => etcd.regainQuorum());
    },
    expect: { leader: 'stays', promotions: 0, outageMsMax: 100, never: ['fenced-by-guardian'] },
  }),

  'etcd-stands-still-after-the-key-is-back-strict': aScenario({
    says: 'in strict a leader that took its key back has kept its standby: writes go on in an etcd that stands still again',
    checklist: [15],
    mode: 'strict',
    seconds: 25,
    play: async (stage) => {
      const { etcd } = stage.world;
      stage.losesEtcd(stage.standby);
      stage.leasesVanish();
      await stage.until('its key is back', () => stage.leads(stage.primary));
      await stage.lasts(300);
      stage.reachesEtcd(stage.standby);
      stage.does('etcd stands still', () => etcd.loseQuorum());
      await stage.lasts(8_000);
      stage.does('etcd goes on', () => etcd.regainQuorum());
    },
    expect: { leader: 'stays', promotions: 0, outageMsMax: 100, never: ['fenced-by-guardian', 'lead-exposed'] },
  }),

  'watch-compacted': aScenario({
    says: 'a member whose watch was compacted away reads everything anew',
    checklist: [18],
    play: async (stage) => {
      const { etcd } = stage.world;
      stage.losesEtcd(stage.standby);
      await stage.lasts(1_000);
      stage.does('etcd forgets its history', () => {
        etcd.put('audit/elsewhere', '{}');
        etcd.store.compact(etcd.store.revision);
      });
      stage.reachesEtcd(stage.standby);
      await stage.lasts(2_000);
      stage.does('the postmaster is killed', () => stage.primary.running?.killPostmaster());
    },
    expect: { leader: 'moves', outageMsMax: 1_000, rules: ['hand-over-dead-postgres'] },
  }),

  'standby-dies-under-a-hold': aScenario({
    says: 'while automation is held because etcd lost its past a standby that dies stays in sync, and writes wait for the operator',
    seconds: 40,
    play: async (stage) => {
      const { world, primary, standby } = stage;
      // There is a backup in which the leader leads, and every member has written down that it has seen more.
      await stage.lasts(6_000);
      stage.does('much is written to etcd', () => {
        for (let written = 0; written < 200; written += 1) world.etcd.put('audit/elsewhere', `${written}`);
      });
      await stage.lasts(500);
      stage.does('an older etcd is put in its place', () => world.operator.restoreEtcdUnderItsOldId());
      await stage.until('both hold', () => world.members.every((member) => stage.rule(member) === 'hold'));
      await stage.lasts(6_000);
      if (!stage.serves(primary)) throw new Error(`${primary.name} does not serve`);
      world.budget.begins('power-off', world.clock.mono());
      stage.does('the power of the standby is cut', () => standby.powerOff());
      await stage.lasts(8_000);
      if (!stage.named(standby)) throw new Error(`${standby.name} was taken out of a sync that nobody has looked at`);
      stage.does('the power returns', () => standby.powerOn());
      world.budget.ends(world.clock.mono());
    },
    expect: { leader: 'either', outageMsMax: 60_000, rules: ['hold'] },
  }),

  'killed-as-it-promotes-and-etcd-lost-its-past': aScenario({
    says: 'a member whose daemon dies the moment it asks for its promotion has written down that it led: etcd loses its past, and the operator finds who led last',
    seconds: 30,
    play: async (stage) => {
      const { world, primary, standby } = stage;
      // Whatever it writes down is still on its way to the disk when the next thing happens.
      standby.disk.storage.become({ kind: 'slow', syncMs: 50 });
      stage.does("the primary's power is cut", () => primary.powerOff());
      await stage.until('the standby is being promoted', () => standby.running?.recovery.promoting === true);
      stage.does('its daemon is killed', () => standby.killBatond());
      await stage.until('clients write there', () => stage.acknowledges(standby));
      await stage.lasts(1_000);
      stage.does('etcd is set up anew', () => world.operator.wipeEtcd());
    },
    expect: { leader: 'moves', outageMsMax: 60_000, rules: ['take-over', 'promote'] },
  }),

  'live-lease-deleted': aScenario({
    says: 'a live lease that etcd deletes costs nobody anything: its leader takes the key back',
    checklist: [17],
    play: async (stage) => stage.leaseVanishes(),
    expect: { leader: 'stays', promotions: 0, rules: ['yield-campaign', 'campaign'] },
  }),

  'live-lease-deleted-off': aScenario({
    says: 'in mode off the old holder of a lease that etcd deleted alive has fenced itself before the free key is taken',
    mode: 'off',
    seconds: 20,
    play: async (stage) => {
      stage.losesOneClient(stage.primary);
      stage.isolates(stage.primary);
      stage.leaseVanishes();
      await stage.until('the old primary has fenced itself', () => stage.fenced(stage.primary));
      await stage.until('its successor serves', () => stage.serves(stage.standby));
    },
    expect: { leader: 'moves', outageMsMax: 3_000, rules: ['await-old-deadline', 'campaign'] },
  }),

  'lease-gone-off': aScenario({
    says: 'in mode off a primary that has fenced itself because its lease is gone is succeeded at once, on its own word',
    mode: 'off',
    play: async (stage) => {
      const { primary, standby } = stage;
      stage.does('batond freezes', () => primary.batond?.process.stop());
      stage.leaseVanishes();
      await stage.until('postgres is killed', () => primary.running?.phase !== 'primary');
      stage.holds(primary, 'its own campaign', puts('leader'));
      stage.does('batond goes on', () => primary.batond?.process.continue());
      await stage.until('its successor serves', () => stage.serves(standby), 2_000);
    },
    expect: { leader: 'moves', outageMsMax: 2_000, rules: ['campaign', 'promote'] },
  }),

  'reply-after-a-stall-off': aScenario({
    says: 'in mode off a confirmed renewal counts from when it was sent, also when its reply waited out a stall of the host',
    mode: 'off',
    seconds: 25,
    play: async (stage) => {
      const { primary, standby, world } = stage;
      // Longer than this stall, which its guardian takes for a silence of batond.
      stage.configures('{', '{"guardian":{"orphan":"30s"},');
      await stage.lasts(500);
      stage.losesOneClient(primary);
      stage.does('answers of etcd are delayed', () => world.etcd.cut(primary.name, 'answers'));
      await stage.lasts(600);
      stage.does(`${primary.name} stands still, and they arrive`, () => {
        primary.host.pause(false);
        world.etcd.heal(primary.name);
      });
      await stage.lasts(5);
      stage.isolates(primary);
      await stage.until('its successor has acknowledged', () => stage.acknowledges(standby), 15_000);
      stage.does(`${primary.name} goes on`, () => primary.host.resume());
      await stage.lasts(3_000);
    },
    expect: { leader: 'moves', outageMsMax: 13_000, rules: ['await-old-deadline', 'campaign'] },
  }),

  'restored-and-overtaken': aScenario({
    says: 'the copy that once made the cluster does not make it again by an etcd of before, also where no revision shows that etcd went back',
    seconds: 40,
    play: async (stage) => {
      const { primary, standby, world } = stage;
      stage.does('batond is killed', () => primary.killBatond());
      stage.does('etcd is as it was before the cluster', () => world.operator.restoreEtcdUnderItsOldId());
      await stage.until('the standby holds', () => stage.rule(standby) === 'hold');
      await stage.until('the primary is fenced', () => stage.fenced(primary), 20_000);
      stage.does('somebody else writes into etcd', () => {
        for (let count = 0; count < 50; count += 1) world.etcd.put('audit/elsewhere', '{}');
      });
      stage.does('batond begins again', () => primary.startBatond());
      await stage.until('it leaves its data alone', () => stage.rule(primary) === 'hold-foreign-data');
    },
    expect: { leader: 'stays', outageMsMax: 60_000, rules: ['hold-foreign-data'], never: ['win-bootstrap'] },
  }),

  'leader-goes-on-without-etcds-past': aScenario({
    says: 'a leader whose standby acknowledges goes on serving when etcd is wiped, on no lease of that etcd, until an operator has compared the members',
    seconds: 25,
    play: async (stage) => {
      const { primary, standby, world } = stage;
      stage.does('somebody sets up an empty etcd', () => world.operator.wipeEtcd());
      await stage.until('both hold', () => [primary, standby].every((each) => stage.rule(each) === 'hold'));
      for (let count = 0; count < 8; count += 1) {
        await stage.lasts(1_000);
        await stage.until('the primary acknowledges', () => stage.acknowledges(primary), 300);
      }
      stage.does('the power of the standby is cut', () => standby.powerOff());
      await stage.until('the primary is fenced: nobody confirms it any more', () => stage.fenced(primary), 3_000);
      standby.powerOn();
    },
    expect: { leader: 'stays', promotions: 0, outageMsMax: 60_000, rules: ['hold', 'fence-deadline'] },
  }),

  'overtaken-at-the-hold': aScenario({
    says: 'a leader that serves on without the past of etcd stops as soon as that etcd has another leader of this cluster, and not for one of another cluster or a key that is put back by hand',
    seconds: 25,
    play: async (stage) => {
      const { primary, standby, world } = stage;
      stage.does('somebody sets up an empty etcd', () => world.operator.wipeEtcd());
      await stage.until('the primary holds', () => stage.rule(primary) === 'hold');
      const lease = leaseId('4711');
      stage.does('an empty host makes a cluster of its own there', () => {
        world.etcd.store.grant(lease, 60, world.clock.mono());
        world.etcd.put('initialize', '7999999999999999999');
        world.etcd.put('leader', standby.name, lease);
      });
      await stage.lasts(3_000);
      await stage.until('the primary acknowledges', () => stage.acknowledges(primary), 300);
      stage.does('somebody puts the keys of this cluster back', () => {
        world.etcd.put('initialize', primary.disk.data?.systemIdentifier ?? '');
        world.etcd.put('leader', standby.name);
      });
      await stage.lasts(3_000);
      await stage.until('the primary acknowledges', () => stage.acknowledges(primary), 300);
      stage.does('the standby leads there', () => world.etcd.put('leader', standby.name, lease));
      await stage.until('the primary is fenced', () => stage.fenced(primary), 500);
    },
    expect: { leader: 'stays', outageMsMax: 60_000, rules: ['hold', 'fence-overtaken'] },
  }),

  'promoted-by-hand-at-the-hold': aScenario({
    says: 'a standby that somebody promotes while automation is held is fenced, and the leader serves on',
    seconds: 25,
    play: async (stage) => {
      const { primary, standby, world } = stage;
      stage.does('somebody sets up an empty etcd', () => world.operator.wipeEtcd());
      await stage.until('both hold', () => [primary, standby].every((each) => stage.rule(each) === 'hold'));
      stage.promotesByHand(standby);
      await stage.until('it has a timeline of its own', () => standby.disk.data?.timeline === 2);
      await stage.until('it is fenced', () => stage.fenced(standby), 500);
    },
    expect: { leader: 'stays', promotions: 1, outageMsMax: 60_000, rules: ['hold', 'fence-not-leader'] },
  }),

  'promotion-under-way-at-the-hold': aScenario({
    says: 'a promotion that was under way when etcd lost its past does not come up, however long PostgreSQL takes for it',
    seconds: 25,
    play: async (stage) => {
      const { primary, standby, world } = stage;
      standby.disk.circumstances.promotionTakesMs = 6_000;
      stage.does('the postmaster is killed', () => primary.running?.killPostmaster());
      await stage.until('the standby is being promoted', () => stage.rule(standby) === 'promote');
      await stage.lasts(500);
      stage.does('somebody sets up an empty etcd', () => world.operator.wipeEtcd());
      await stage.until('no postgres is left there', () => stage.fenced(standby), 5_000);
      standby.disk.circumstances.promotionTakesMs = 0;
    },
    // The member that claimed leads once the operator has done what the runbook says.
    expect: { leader: 'moves', promotions: 1, outageMsMax: 60_000, rules: ['fence-held'] },
  }),

  'start-under-way-at-the-hold': aScenario({
    says: 'a primary that was being started when etcd lost its past does not come up, however late the disk lets it',
    seconds: 25,
    play: async (stage) => {
      const { primary, standby, world } = stage;
      stage.does('the power of the standby is cut', () => standby.powerOff());
      await stage.until('nobody else could lead', () => stage.rule(primary) === 'lead-exposed');
      await stage.lasts(1_000);
      stage.does('the postmaster is killed', () => primary.running?.killPostmaster());
      await stage.until('it starts again', () => stage.rule(primary) === 'await-postgres' && !stage.fenced(primary));
      stage.does('the disk hangs', () => primary.disk.storage.become({ kind: 'hung' }));
      stage.does('somebody sets up an empty etcd', () => world.operator.wipeEtcd());
      await stage.until('automation is held', () => (primary.batond?.face.latest()?.view.memory.held.length ?? 0) > 0);
      await stage.lasts(6_000);
      stage.does('the disk goes on', () => primary.disk.storage.become({ kind: 'sound' }));
      await stage.until('no postgres is left', () => stage.fenced(primary));
      standby.powerOn();
    },
    expect: { leader: 'stays', outageMsMax: 60_000, rules: ['fence-held', 'hold'] },
  }),

  'thaws-after-a-restore': aScenario({
    says: 'a leader that stood still while etcd was restored, with its key as it knows it, hands nothing over before it has asked that etcd',
    seconds: 25,
    play: async (stage) => {
      const { primary, standby, world } = stage;
      // There is a backup, and both have written down which etcd they know.
      await stage.lasts(5_000);
      stage.does('both daemons of the primary freeze', () => {
        primary.batond?.process.stop();
        primary.guardian?.process.stop();
      });
      stage.does('etcd is restored from a backup', () => world.operator.restoreEtcd());
      await stage.until('the standby holds', () => stage.rule(standby) === 'hold');
      await stage.lasts(3_500);
      stage.does('etcd elects, and every lease begins anew', () => world.etcd.changeLeader(500));
      await stage.lasts(3_500);
      const before = world.etcd.get('leader');
      if (before?.value !== primary.name) throw new Error('the key is not there any more');
      stage.does('the daemons go on', () => {
        primary.guardian?.process.continue();
        primary.batond?.process.continue();
      });
      await stage.until('the postgres past its deadline is killed', () => stage.fenced(primary));
      await stage.until('the primary holds, too', () => stage.rule(primary) === 'hold');
      if (world.etcd.get('leader')?.modRevision !== before.modRevision) throw new Error('somebody wrote the key');
    },
    expect: { leader: 'either', outageMsMax: 60_000, rules: ['hold'] },
  }),
};
