/** Copies of the data that are not the one which `sync` names (R3 of the safety model). */
import { copyId } from '../../../src/core/units.ts';
import { SimDirectory } from '../postgres/directory.ts';
import type { Member } from '../hosts/member.ts';
import { aScenario, type Scenario } from './scenario.ts';

export const copyScenarios: Readonly<Record<string, Scenario>> = {
  'R3-copies-not-names': aScenario({
    says: 'a standby that comes back with an older copy of the data does not lead, although sync names its member',
    seconds: 30,
    play: async (stage) => {
      const { primary, standby } = stage;
      const older = olderCopyOf(standby);
      older.copy = { member: standby.name, copyId: copyId('0000beef') };
      await stage.lasts(1_000);
      stage.losesEtcd(primary);
      stage.does('the power of both hosts is cut', () => {
        standby.powerOff();
        primary.powerOff();
      });
      stage.does('an older copy is restored under the standby, and it comes back alone', () => {
        standby.disk.data = older;
        standby.powerOn();
      });
      await stage.until("the old primary's lease has run out", () => stage.world.etcd.get('leader') === null);
    },
    expect: { leader: 'stays', outageMsMax: 60_000, rules: ['await-leader'] },
  }),

  'R3-restored-from-a-backup': aScenario({
    says: 'a standby that was restored from a backup and has not caught up does not lead: what it follows with is another copy',
    seconds: 30,
    play: async (stage) => {
      const { primary, standby } = stage;
      const backup = olderCopyOf(standby);
      await stage.lasts(1_000);
      stage.losesEtcd(primary);
      stage.does('the standby comes back with the backup', () => {
        standby.powerOff();
        standby.disk.data = backup;
        standby.powerOn();
      });
      await stage.until('its postgres starts', () => standby.running?.phase === 'starting');
      stage.does("the primary's power is cut", () => primary.powerOff());
      await stage.until("the primary's lease has run out", () => stage.world.etcd.get('leader') === null);
    },
    expect: { leader: 'stays', outageMsMax: 60_000, rules: ['rejoin', 'await-leader'] },
  }),

  'R3-another-copy-is-left': aScenario({
    says: "a standby that caught up as another copy than sync names does not lead when the leader's disk is lost: it waits for an operator, who has it lead",
    mode: 'strict',
    seconds: 40,
    play: async (stage) => {
      const { primary, standby, world } = stage;
      const backup = olderCopyOf(standby);
      stage.losesEtcd(primary);
      stage.does('the standby comes back with the backup', () => {
        standby.powerOff();
        standby.disk.data = backup;
        standby.powerOn();
      });
      const streams = () =>
        [...(primary.running?.senders ?? [])].some(
          ({ streaming, receiver }) => streaming && receiver.server === standby.running,
        );
      await stage.until('it streams', streams);
      if (world.redundant()) throw new Error('nobody whom sync names could take over, and that counts as redundant');
      stage.does("the primary's power is cut, and its disk is lost", () => {
        primary.powerOff();
        primary.disk.lose();
      });
      await stage.until("the primary's lease has run out", () => world.etcd.get('leader') === null);
      await stage.lasts(15_000);
      if (world.etcd.get('leader') !== null) throw new Error('somebody leads whom sync does not name');
      stage.does('an operator accepts what may be lost', () => world.operator.askFailover(standby, 0, true));
      await stage.until('the standby serves', () => stage.serves(standby));
      stage.does("the old primary's power returns", () => primary.powerOn());
      stage.reachesEtcd(primary);
    },
    expect: { leader: 'moves', outageMsMax: 60_000, rules: ['rejoin', 'await-leader', 'forced-take-over', 'clone'] },
  }),
};

/** What a standby has now, as a backup of it that is restored later. */
function olderCopyOf(member: Member): SimDirectory {
  const { data } = member.disk;
  if (data === null) throw new Error('there is no data');
  const older = new SimDirectory(data.systemIdentifier, member.disk);
  older.records = data.records.slice(0, data.flushed);
  older.flushed = older.records.length;
  older.state = 'in archive recovery';
  older.standbySignal = true;
  return older;
}
