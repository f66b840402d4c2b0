/** docs/operations.md, "etcd was restored or replaced", step by step: the simulated operator does what it says. */
import { formatSync } from '../../../src/core/key-format.ts';
import { memberName, type Ms, second } from '../../../src/core/units.ts';
import type { Member } from '../hosts/member.ts';
import { settingsOf } from '../hosts/settings.ts';
import type { World } from '../world.ts';

const lookEveryMs: Ms = 100;

export class EtcdRepair {
  readonly #world: World;
  readonly #done: () => void;

  constructor(world: World, done: () => void) {
    this.#world = world;
    this.#done = done;
  }

  async run(): Promise<void> {
    await this.#everybodyHolds();
    await this.#stopAll();
    const newest = this.#newest();
    if (newest === null) return this.#world.invariants.violated('etcd repair', 'nobody has data that may be started');
    this.#putKeys(newest);
    for (const { disk } of this.#world.members)
      if (disk.kept !== null)
        disk.kept = {
          ...disk.kept,
          hold: null,
          etcdClusterId: null,
          lastLedTerm: null,
          highestRevision: 0,
          highestTerm: 0,
        };
    this.#done();
    newest.keptDown = false;
    newest.startBatond();
    await this.#until(() => this.#world.primaries().includes(newest), 30 * second);
    for (const member of this.#world.members) {
      member.keptDown = false;
      member.startBatond();
    }
  }

  /** I11: every member that knew etcd before says that it holds, and why. */
  async #everybodyHolds(): Promise<void> {
    const { members, etcd, invariants } = this.#world;
    const holds = (member: Member) => {
      // Its disk was lost too: it has never seen another etcd.
      if (member.disk.kept?.etcdClusterId == null || member.disk.kept.etcdClusterId === etcd.store.clusterId)
        return true;
      const latest = member.batond?.face.latest() ?? null;
      return latest !== null && latest.view.memory.held.length > 0;
    };
    if (!(await this.#until(() => members.every(holds), 15 * second))) {
      const who = members
        .filter((member) => !holds(member))
        .map(({ name, batond }) => {
          return `${name} (${batond?.face.latest()?.decision.because ?? 'no daemon'})`;
        });
      invariants.violated('I11 etcd’s past', `not held: ${who.join('; ')}`);
    }
  }

  /** batond first, so that nobody hands anything over; then each guardian, which stops its postgres. */
  async #stopAll(): Promise<void> {
    const { members } = this.#world;
    for (const member of members) {
      member.keptDown = true;
      member.killBatond();
    }
    for (const member of members) member.guardian?.terminate();
    const stopped = () => members.every((member) => member.running === null && member.livingGuardian() === null);
    if (await this.#until(stopped, 40 * second)) return;
    for (const member of members) {
      member.guardian?.kill();
      member.running?.exit(null, 'SIGKILL');
    }
  }

  /**
   * Who led last, among directories that no interrupted work has left behind: numbers of timelines prove nothing, since
   * a standby that somebody promoted by hand has the same. Then by timeline and position.
   */
  #newest(): Member | null {
    const startable = this.#world.members.filter(({ disk }) => disk.data !== null && disk.data.unstartable === null);
    const [newest] = startable.toSorted((one, other) => {
      const [a, b] = [one.disk, other.disk];
      const byTerm = (b.kept?.lastLedTerm ?? 0) - (a.kept?.lastLedTerm ?? 0);
      return (
        byTerm || (b.data?.timeline ?? 0) - (a.data?.timeline ?? 0) || (b.data?.flushed ?? 0) - (a.data?.flushed ?? 0)
      );
    });
    return newest ?? null;
  }

  #putKeys(newest: Member): void {
    const { etcd, mode } = this.#world;
    const { data } = newest.disk;
    if (data === null) return;
    etcd.delete('leader');
    etcd.delete('failover');
    etcd.put('initialize', data.systemIdentifier);
    if (etcd.get('config') === null) etcd.put('config', settingsOf(newest.name, mode).sharedText);
    const copies = data.copy === null ? {} : { [newest.name]: data.copy.copyId };
    etcd.put('sync', formatSync({ leader: memberName(newest.name), standbys: [], mode, copies }));
    this.#world.note(`the operator names ${newest.name} in sync: timeline ${data.timeline}, ${data.flushed} records`);
  }

  async #until(fact: () => boolean, limitMs: Ms): Promise<boolean> {
    const { clock } = this.#world;
    for (let waitedMs = 0; waitedMs < limitMs; waitedMs += lookEveryMs) {
      if (fact()) return true;
      await clock.sleep(lookEveryMs);
    }
    return fact();
  }
}
