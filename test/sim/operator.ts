/** The people who run the cluster: what they ask of the daemons, what they change in etcd, what they mend by the runbook. */
import type { RequestDraft } from '../../src/ports/daemon-face.ts';
import { type MonoMs, type Ms, second } from '../../src/core/units.ts';
import { EtcdRepair } from './etcd-repair.ts';
import { emptyStore, type SavedStore } from './fake-etcd-store.ts';
import type { Member } from './member.ts';
import type { LeftRecovery } from './recovery.ts';
import type { World } from './world.ts';

const backupEveryMs: Ms = 4 * second;
const backupsMax = 8;
/** What was begun before etcd lost its past still ends. */
const underWayMs: Ms = 5 * second;

export class Operator {
  readonly #world: World;
  /** Of etcd, oldest first. */
  readonly #backups: SavedStore[] = [];
  #lostPast: { readonly atMono: MonoMs } | null = null;
  #repair: EtcdRepair | null = null;

  constructor(world: World) {
    this.#world = world;
    this.#backUp();
  }

  // --- requests ----------------------------------------------------------------------------------------------------

  /** Asked of the primary's daemon; refused when there is none. */
  askSwitchover(): void {
    const primary = this.#world.primaries()[0];
    const candidates = this.#world.members.filter((member) => member !== primary);
    if (primary === undefined) {
      this.#world.note('switchover: nobody to ask');
      return;
    }
    this.#ask(primary, this.#world.random.pick(candidates), { kind: 'switchover', leader: primary.name });
  }

  #ask(of: Member, candidate: Member, draft: Pick<RequestDraft, 'kind' | 'leader'> & Partial<RequestDraft>): void {
    const daemon = this.#world.daemon(of.name);
    if (daemon === null) {
      this.#world.note(`${draft.kind}: ${of.name} has no daemon to ask`);
      return;
    }
    const full: RequestDraft = {
      candidate: candidate.name,
      term: this.#world.etcd.get('leader')?.modRevision ?? null,
      by: 'simulator',
      reason: 'fault plan',
      allowDataLoss: false,
      oldPrimaryIsFenced: false,
      ...draft,
    };
    void daemon.face
      .submit(full)
      .then((outcome) => this.#world.note(`${draft.kind} to ${candidate.name}: ${JSON.stringify(outcome)}`));
  }

  // --- etcd's past -------------------------------------------------------------------------------------------------

  /** Since an etcd without its past was put in place, until somebody has repaired it. */
  get etcdLostItsPast(): boolean {
    return this.#lostPast !== null;
  }

  /** Somebody set up an empty etcd where one was that had everything. */
  wipeEtcd(): void {
    this.#replace(emptyStore, 'another');
  }

  /** An older backup, with a cluster token of its own, as the runbook demands. */
  restoreEtcd(): void {
    this.#replace(this.#world.random.pick(this.#backups), 'restored');
  }

  /**
   * An older backup with the same cluster token. Only members that have seen more can notice, so this one is older than
   * what each has on its disk; docs/operations.md says why a new token is needed for any other.
   */
  restoreEtcdUnderItsOldId(): void {
    const known = Math.min(...this.#world.members.map(({ disk }) => disk.kept?.highestRevision ?? 0));
    const older = this.#backups.findLast(({ revision }) => revision < known);
    if (older === undefined) {
      this.#world.note('no backup is old enough to be noticed by everybody');
      return;
    }
    this.#replace(older, null);
  }

  #replace(saved: SavedStore, clusterId: string | null): void {
    const { etcd, clock, members } = this.#world;
    if (members.some(({ disk }) => disk.kept === null)) {
      this.#world.note('a member lost its disk with all that it remembers of etcd: not both at once');
      return;
    }
    this.#lostPast = { atMono: clock.mono() };
    etcd.restore(saved, clusterId === null ? etcd.store.clusterId : `${clusterId}-${this.#world.random.hex(8)}`);
  }

  /** I11: nobody is promoted, and nobody starts as a primary, by an etcd that lost its past. */
  sawPrimary(member: string, how: LeftRecovery): void {
    if (this.#lostPast === null || this.#repair !== null || how === 'promoted by hand') return;
    if (this.#world.clock.mono() - this.#lostPast.atMono > underWayMs)
      this.#world.invariants.violated('I11 etcd’s past', `${member} ${how} although etcd lost its past`);
  }

  /** Everything works again: what needs a person is done by one. */
  mend(): void {
    if (this.#lostPast === null || this.#repair !== null) return;
    this.#repair = new EtcdRepair(this.#world, this.#lostPast.atMono, () => {
      this.#lostPast = null;
      this.#repair = null;
    });
    void this.#repair.run();
  }

  #backUp(): void {
    if (this.#lostPast === null && this.#world.etcd.state === 'serving') {
      this.#backups.push(this.#world.etcd.store.save());
      if (this.#backups.length > backupsMax) this.#backups.shift();
    }
    this.#world.clock.timer(backupEveryMs, () => this.#backUp());
  }
}
