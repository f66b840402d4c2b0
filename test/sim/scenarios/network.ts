/** Links that are cut, in whole or in one direction. */
import type { HeldTransaction } from './interference.ts';
import { aScenario, type Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';
import { takesOver } from './transaction-shapes.ts';

export const networkScenarios: Readonly<Record<string, Scenario>> = {
  isolated: aScenario({
    says: 'a primary that only clients reach is succeeded, and acknowledges nothing meanwhile',
    checklist: [24, 29, 53],
    play: async (stage) => {
      stage.isolates(stage.primary);
      await stage.until('its successor serves', () => stage.serves(stage.standby));
      await stage.until('the old primary has fenced itself', () => stage.fenced(stage.primary));
    },
    expect: { leader: 'moves', outageMsMax: 2_000, rules: ['take-over', 'promote', 'fenced-by-guardian', 'rejoin'] },
  }),

  'isolated-off': aScenario({
    says: 'in mode off a primary that only clients reach has fenced itself before its successor takes a write',
    checklist: [22, 24],
    mode: 'off',
    seconds: 30,
    play: async (stage) => {
      stage.losesOneClient(stage.primary);
      stage.isolates(stage.primary);
      await stage.until('its successor acknowledges', () => stage.acknowledges(stage.standby), 20_000);
      await stage.lasts(5_000);
      await stage.until('the old primary has fenced itself', () => stage.fenced(stage.primary), 1);
    },
    expect: { leader: 'moves', outageMsMax: 8_000, rules: ['await-old-deadline', 'campaign'] },
  }),

  'guardian-alone-off': aScenario({
    says: 'in mode off a guardian whose batond stands still fences at its deadline by itself, also when the wall clock is stepped back',
    checklist: [9, 12, 24],
    mode: 'off',
    seconds: 30,
    play: async (stage) => {
      const { primary } = stage;
      stage.does('batond freezes', () => primary.batond?.process.stop());
      stage.losesOneClient(primary);
      stage.isolates(primary);
      await stage.lasts(1_000);
      stage.does('its wall clock is stepped back by an hour', () => {
        primary.host.wallOffsetMs -= 3_600_000;
      });
      await stage.until('its successor acknowledges', () => stage.acknowledges(stage.standby), 20_000);
      await stage.lasts(5_000);
      await stage.until('the old primary has fenced itself', () => stage.fenced(primary), 1);
    },
    expect: { leader: 'moves', outageMsMax: 8_000, rules: ['await-old-deadline', 'campaign'] },
  }),

  'primary-loses-etcd': aScenario({
    says: 'a primary that etcd does not hear is succeeded when its lease has run out, and fences itself when its standby stops following',
    checklist: [22],
    seconds: 20,
    play: async (stage) => {
      stage.losesEtcd(stage.primary);
      await stage.until('the standby serves', () => stage.serves(stage.standby));
    },
    expect: { leader: 'moves', outageMsMax: 2_000, rules: ['lead-blind', 'campaign', 'promote'] },
  }),

  'standby-loses-etcd': aScenario({
    says: 'a standby that etcd does not hear goes on streaming, and nobody fails over',
    checklist: [23],
    seconds: 20,
    play: async (stage) => {
      stage.losesEtcd(stage.standby);
      await stage.lasts(8_000);
      stage.reachesEtcd(stage.standby);
    },
    expect: { leader: 'stays', rules: ['follow-blind'] },
  }),

  'members-parted': aScenario({
    says: 'members that do not reach each other while both reach etcd do not fail over: the standby leaves sync, then PostgreSQL stops waiting',
    checklist: [25, 26],
    play: async (stage) => {
      stage.parts(stage.primary, stage.standby);
      await stage.until('the standby is not named any more', () => !stage.named(stage.standby));
      await stage.until('commits wait for nobody', () => stage.primary.running?.waits.flag === false);
      await stage.lasts(2_000);
      stage.rejoins(stage.primary, stage.standby);
      await stage.until('it is named again', () => stage.named(stage.standby));
    },
    expect: {
      leader: 'stays',
      outageMsMax: 4_000,
      rules: ['sync-remove-lost', 'wait-for-fewer', 'lead-exposed', 'sync-add'],
    },
  }),

  'members-parted-strict': aScenario({
    says: 'in mode strict no write is acknowledged while the standby is away, and none is lost',
    mode: 'strict',
    play: async (stage) => {
      const { primary, standby } = stage;
      stage.parts(primary, standby);
      await stage.until('the standby is not named any more', () => !stage.named(standby));
      await stage.until('commits wait for nobody who is there', () => primary.running?.waits.loaded.nobody === true);
      await stage.lasts(3_000);
      stage.rejoins(primary, standby);
      await stage.until('it is named again', () => stage.named(standby));
    },
    expect: { leader: 'stays', outageMsMax: 9_000, rules: ['sync-remove-lost', 'wait-for-fewer', 'sync-add'] },
  }),

  'late-removal': aScenario({
    says: 'a removal from sync that arrives after the standby has taken over is refused, and its sender is fenced',
    checklist: [49],
    play: async (stage) => {
      const { primary, standby } = stage;
      const { takeover, removal } = await bothDecide(stage);
      takeover.release();
      await stage.until('the standby serves', () => stage.serves(standby));
      await stage.until('the old leader is fenced', () => stage.fenced(primary));
      await stage.until('the standby acknowledges', () => stage.acknowledges(standby));
      removal.release();
    },
    expect: { leader: 'moves', outageMsMax: 5_000, rules: ['sync-remove-lost', 'take-over', 'promote'] },
  }),

  'late-takeover': aScenario({
    says: 'a takeover that arrives after the leader took its sender out of sync is refused',
    checklist: [49],
    play: async (stage) => {
      const { primary, standby } = stage;
      const { takeover, removal } = await bothDecide(stage);
      removal.release();
      await stage.until('commits wait for nobody', () => primary.running?.waits.flag === false);
      await stage.lasts(200);
      takeover.release();
      stage.rejoins(primary, standby);
    },
    expect: { leader: 'stays', outageMsMax: 4_500, rules: ['take-over', 'sync-remove-lost', 'wait-for-fewer'] },
  }),
};

/** In one moment the standby takes over and the leader takes it out of sync: both transactions are on their way. */
async function bothDecide(stage: Stage): Promise<Record<'takeover' | 'removal', HeldTransaction>> {
  const { primary, standby } = stage;
  const takeover = stage.holds(standby, 'the takeover', takesOver);
  for (const another of ['second', 'third', 'fourth', 'fifth'])
    stage.holds(standby, `the ${another} takeover, which never arrives`, takesOver);
  // So early that the stale lease is not what the standby waits for.
  stage.does("the leader's heartbeat stops", () => primary.guardian?.process.stop());
  await stage.lasts(400);
  const removal = stage.holds(primary, 'the removal', (txn) => txn.writes.every(({ key }) => key === 'sync'));
  stage.parts(primary, standby);
  await stage.until('the takeover is under way', () => takeover.underWay);
  stage.does("the leader's heartbeat goes on", () => primary.guardian?.process.continue());
  await stage.until('the removal is under way', () => removal.underWay);
  return { takeover, removal };
}
