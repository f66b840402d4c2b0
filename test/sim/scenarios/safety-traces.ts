/**
 * R1 to R8 of the safety model: the counterexample that each rule closes, enacted as far as the production code lets
 * it go. With the rule dropped (test/sim/mistakes) the same play violates an invariant.
 */
import type { Member } from '../hosts/member.ts';
import { aScenario, type Scenario } from './scenario.ts';
import { puts, putsSyncNaming } from './transaction-shapes.ts';

export const safetyTraces: Readonly<Record<string, Scenario>> = {
  'R1-claim': aScenario({
    says: 'a successor whose lease vanishes while it is promoted keeps its claim: the old primary, back at etcd first, does not take the free key',
    play: async (stage) => {
      const { primary, standby } = stage;
      stage.isolates(primary);
      await stage.until('the standby is being promoted', () => stage.rule(standby) === 'promote');
      stage.leaseVanishes();
      stage.losesEtcd(standby);
      stage.reachesEtcd(primary);
      await stage.until('the standby serves without etcd', () => stage.serves(standby));
      await stage.lasts(3_000);
      stage.reachesEtcd(standby);
    },
    expect: { leader: 'moves', outageMsMax: 2_000, rules: ['take-over', 'promote', 'lead-blind'] },
  }),

  'R2-start-closed': aScenario({
    says: 'a postgres that starts again while sync names a standby lets clients in once a commit was seen to wait',
    play: async (stage) => {
      const { primary, standby } = stage;
      stage.does("the standby's batond freezes", () => standby.batond?.process.stop());
      await stage.until('nobody answers there', () => probeOf(primary, standby) === 'timed-out');
      stage.does("the primary's postmaster is killed", () => primary.running?.killPostmaster());
      await stage.until('the primary serves again', () => !stage.serves(primary));
      await stage.until('the primary serves again', () => stage.serves(primary));
      stage.does("the standby's batond goes on", () => standby.batond?.process.continue());
    },
    expect: { leader: 'stays', outageMsMax: 3_000, rules: ['restart-in-place', 'admit-clients'] },
  }),

  'R4-mode-in-sync': aScenario({
    says: 'a mode that the configuration asks for is in force when the leader has written it into sync, not before',
    play: async (stage) => {
      const { primary, standby } = stage;
      const late = stage.holds(primary, 'the emptied sync', puts('sync'));
      stage.configures('"available"', '"off"');
      await stage.until('the leader empties sync', () => late.underWay);
      stage.isolates(primary);
      await stage.until('the standby has taken the key', () => stage.leads(standby));
      stage.configures('"off"', '"available"');
      stage.reachesEtcd(primary);
      late.release();
    },
    expect: { leader: 'moves', outageMsMax: 2_500, rules: ['mode-empty-sync', 'take-over'] },
  }),

  'R5-late-add': aScenario({
    says: 'an addition to sync that arrives after its standby was lost again is void: PostgreSQL stops waiting only after sync was written anew',
    seconds: 20,
    play: async (stage) => {
      const { primary, standby, world } = stage;
      stage.parts(primary, standby);
      await stage.until('the lost standby is no longer named', () => !stage.named(standby));
      const late = stage.holds(primary, 'the addition', putsSyncNaming(standby));
      stage.rejoins(primary, standby);
      await stage.until('the standby is being added', () => late.underWay);
      stage.parts(primary, standby);
      await stage.until('commits wait for nobody', () => primary.running?.waits.flag === false);
      late.release();
      stage.does("the primary's host loses its power", () => primary.powerOff());
      await stage.until('its lease has run out', () => world.etcd.get('leader') === null);
    },
    expect: {
      leader: 'stays',
      outageMsMax: 20_000,
      rules: ['sync-remove-lost', 'sync-add', 'sync-confirm', 'wait-for-fewer'],
    },
  }),

  'R6-late-hand-over': aScenario({
    says: 'a hand-over that arrives after the switchover was rolled back is void (mode off)',
    mode: 'off',
    play: async (stage) => {
      const { primary, standby, world } = stage;
      const late = stage.holds(primary, 'the hand-over', puts('leader', standby.name));
      stage.holds(primary, 'the second hand-over, which never arrives', puts('leader', standby.name));
      stage.does('a switchover is asked for', () => world.operator.askSwitchover());
      await stage.until('postgres stops', () => primary.running?.phase === 'stopping');
      stage.does("the candidate's batond freezes", () => standby.batond?.process.stop());
      await stage.until('the key is being handed over', () => late.underWay);
      await stage.until('the old primary serves again', () => stage.serves(primary));
      await stage.lasts(300);
      stage.losesEtcd(primary);
      stage.does("the candidate's batond goes on", () => standby.batond?.process.continue());
      stage.parts(primary, standby);
      late.release();
      // A candidate that leads now would be asked for writes before the old primary's deadline.
      await stage.lasts(4_000);
      stage.reachesEtcd(primary);
      stage.rejoins(primary, standby);
    },
    expect: {
      leader: 'stays',
      outageMsMax: 4_000,
      rules: ['switchover-stop', 'switchover-roll-back', 'restart-in-place'],
    },
  }),

  'R7-promoted-by-hand': aScenario({
    says: 'a standby that somebody promotes by hand is fenced, and rewound',
    play: async (stage) => {
      const { standby } = stage;
      stage.promotesByHand(standby);
      await stage.until('it has a timeline of its own', () => standby.disk.data?.timeline === 2);
      await stage.until('it is fenced', () => stage.fenced(standby), 500);
    },
    expect: { leader: 'stays', promotions: 1, outageMsMax: 2_000, rules: ['fence-not-leader', 'rejoin'] },
  }),

  'R8-etcd-restored': aScenario({
    says: 'etcd that was restored from an older state under a new cluster id is obeyed by nobody, also not by a member that saw nothing newer',
    seconds: 45,
    play: async (stage) => {
      const { primary, standby, world } = stage;
      const backup = world.etcd.store.save();
      stage.does("the primary's host loses its power", () => primary.powerOff());
      await stage.until('the standby serves', () => stage.serves(standby));
      await stage.lasts(1_000);
      stage.does('etcd is restored from the older state', () => world.etcd.restore(backup, 'restored'));
      stage.does('the leases of that state have run out', () => {
        for (const [key, { leaseId }] of world.etcd.store.entries) if (leaseId !== '0') world.etcd.delete(key);
      });
      stage.does('the old primary comes back', () => primary.powerOn());
      await stage.lasts(20_000);
      stage.does('the operator has compared both: the newer one writes the claim, and holds are ended', () => {
        world.etcd.put('sync', claimOf(standby));
        for (const member of [primary, standby]) endHold(member);
      });
    },
    expect: { leader: 'moves', outageMsMax: 40_000, rules: ['take-over', 'hold'] },
  }),
};

const probeOf = (member: Member, peer: Member) =>
  member.batond?.face.latest()?.view.peers.get(peer.name)?.daemon?.outcome;

const claimOf = (member: Member): string =>
  JSON.stringify({
    leader: member.name,
    sync_standby: null,
    mode: 'available',
    copies: { [member.name]: member.disk.data?.copy?.copyId },
  });

/** docs/operations.md: batond is stopped, the hold is taken out of what it keeps, batond is started. */
function endHold(member: Member): void {
  member.killBatond();
  if (member.disk.kept !== null)
    member.disk.kept = { ...member.disk.kept, hold: null, etcdClusterId: null, highestRevision: 0, highestTerm: 0 };
  member.startBatond();
}
