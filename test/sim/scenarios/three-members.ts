/** R9 to R11 of the safety model: what two members cannot show, or what a proof is void for. */
import type { FakeServer } from '../postgres/fake-server.ts';
import { aScenario, type Scenario } from './scenario.ts';

export const threeMemberTraces: Readonly<Record<string, Scenario>> = {
  'R9-every-walsender': aScenario({
    says: 'a further standby is named once every walsender releases commits by the new names, not when its own does',
    members: 3,
    seconds: 35,
    play: async (stage) => {
      const { primary, standby, third } = stage;
      stage.does('the third member leaves', () => third.powerOff());
      await stage.until('it is not named any more', () => !stage.named(third));
      stage.does('walsenders are slow to load a configuration', () => {
        primary.disk.circumstances.walsendersLoadLate = true;
      });
      stage.does('the third member comes back', () => third.powerOn());
      await stage.until('it is named again', () => stage.named(third), 20_000);
      stage.parts(primary, third);
      await stage.lasts(300);
      stage.does('the power of the two others is cut', () => {
        primary.powerOff();
        standby.powerOff();
      });
      await stage.until('the third member serves', () => stage.serves(third), 20_000);
    },
    expect: { leader: 'moves', outageMsMax: 20_000, rules: ['sync-add-wait', 'sync-add-prove', 'sync-add'] },
  }),

  'R10-proof-is-void': aScenario({
    says: 'a standby that was lost and comes back is proved anew: no earlier proof of it counts',
    play: async (stage) => {
      const { primary, standby } = stage;
      stage.parts(primary, standby);
      await stage.until('commits wait for nobody', () => primary.running?.waits.flag === false);
      stage.rejoins(primary, standby);
      await stage.until('it is named again', () => stage.named(standby));
    },
    expect: { leader: 'stays', outageMsMax: 4_000, rules: ['sync-add-wait', 'sync-add-prove', 'sync-add'] },
  }),

  'R11-timelines-collide': aScenario({
    says: 'a member that was promoted by hand to the number that the new leader has too is copied anew, and not spliced',
    members: 3,
    seconds: 40,
    play: async (stage) => {
      const { primary } = stage;
      stage.isolates(primary);
      const others = [stage.standby, stage.third];
      await stage.until('a standby has taken the key', () => others.some((member) => stage.leads(member)));
      const [leader, other] = stage.leads(stage.standby) ? others : others.toReversed();
      if (leader === undefined || other === undefined) throw new Error('there are three members');
      stage.promotesByHand(other);
      await stage.until('it is out of recovery', () => other.running?.phase === 'primary');
      if (other.running !== null) stage.does('somebody writes there', () => writeTo(other.running as FakeServer));
      stage.reachesEtcd(primary);
      stage.rejoins(primary, leader);
      stage.rejoins(primary, other);
      await stage.until('both are named', () => stage.named(primary) && stage.named(other), 20_000);
      stage.does('the power of the leader and of the old primary is cut', () => {
        leader.powerOff();
        primary.powerOff();
      });
      await stage.until('the one that was promoted by hand leads', () => stage.serves(other), 20_000);
    },
    expect: {
      leader: 'moves',
      promotions: null,
      outageMsMax: 20_000,
      rules: ['take-over', 'fence-not-leader', 'rejoin'],
    },
  }),

  'timeline-used-once-off': aScenario({
    says: 'in mode off a member that never heard of a timeline does not make it once more: the history key knows it',
    mode: 'off',
    members: 3,
    seconds: 45,
    play: async (stage) => {
      const { primary, standby, third } = stage;
      stage.parts(standby, third);
      stage.does("the primary's power is cut", () => primary.powerOff());
      await stage.until('one of the others serves', () => stage.serves(standby) || stage.serves(third), 20_000);
      const [leader, other] = stage.serves(standby) ? [standby, third] : [third, standby];
      await stage.lasts(2_000);
      stage.does("its successor's power is cut", () => leader.powerOff());
      await stage.until('the last one serves', () => stage.serves(other), 20_000);
      await stage.lasts(1_000);
      if (other.disk.data?.timeline !== 3) throw new Error(`timeline ${other.disk.data?.timeline} was made`);
    },
    expect: { leader: 'moves', promotions: 2, outageMsMax: 16_000, rules: ['campaign', 'write-history'] },
  }),

  'timeline-reserved-off': aScenario({
    says: 'in mode off a member that was promoted and died before it told anybody has used up its number all the same',
    mode: 'off',
    members: 3,
    seconds: 45,
    play: async (stage) => {
      const { primary, standby, third } = stage;
      stage.parts(standby, third);
      stage.does("the primary's power is cut", () => primary.powerOff());
      const promoted = (member: typeof standby) => member.running?.phase === 'primary';
      await stage.until('one of the others is out of recovery', () => promoted(standby) || promoted(third), 20_000);
      const [first, other] = promoted(standby) ? [standby, third] : [third, standby];
      if (first.running !== null) stage.does('a client writes there', () => writeTo(first.running as FakeServer));
      stage.does('its power is cut before it has told of its timeline', () => first.powerOff());
      await stage.until('the last one serves', () => stage.serves(other), 20_000);
      stage.rejoins(standby, third);
      stage.does('the power of the other comes back', () => first.powerOn());
      await stage.until('it follows', () => first.running?.phase === 'standby', 20_000);
      if (other.disk.data?.timeline !== 3) throw new Error(`timeline ${other.disk.data?.timeline} was made`);
    },
    expect: { leader: 'moves', promotions: 2, outageMsMax: 25_000, rules: ['campaign', 'promote', 'rejoin'] },
  }),
};

/** More than what a promotion writes: the positions that the leader's commits have as well. */
function writeTo(server: FakeServer): void {
  for (let at = 0; at < 20; at += 1) server.commit(null, 'probe', null, 'flush', () => {});
}
