/** The people who run the cluster: what they ask of the daemons, what they change in etcd, what they mend by the runbook. */
import type { RequestDraft } from '../../../src/ports/daemon-face.ts';
import { type MonoMs, type Ms, second } from '../../../src/core/units.ts';
import type { Coordinator, Entry } from '../../../src/ports/coordinator.ts';
import { EtcdRepair } from '../etcd/etcd-repair.ts';
import { settingsOf } from '../hosts/settings.ts';
import { emptyStore, type SavedStore } from '../etcd/fake-etcd-store.ts';
import type { Member } from '../hosts/member.ts';
import type { FakeServer } from '../postgres/fake-server.ts';
import type { LeftRecovery } from '../postgres/recovery.ts';
import type { World } from '../world.ts';

type Config = Readonly<Record<string, Readonly<Record<string, string>>>>;

const backupEveryMs: Ms = 4 * second;
const backupsMax = 8;
/** What was begun before etcd lost its past still ends. */
const underWayMs: Ms = 5 * second;

export class Operator {
  readonly #world: World;
  /** Of etcd, oldest first. */
  readonly #backups: SavedStore[] = [];
  readonly #spoilt = new Map<string, { readonly text: string; readonly before: Entry | null }>();
  /** `leaving`: runs of servers that were on their way out of recovery at that moment, however long that takes them. */
  #lostPast: { readonly atMono: MonoMs; readonly leaving: ReadonlySet<string> } | null = null;
  #repair: EtcdRepair | null = null;

  constructor(world: World) {
    this.#world = world;
    this.#backUp();
  }

  // --- requests ----------------------------------------------------------------------------------------------------

  /** Asked of the primary's daemon. `seed`, in [0, 1), chooses the candidate. */
  askSwitchover(seed = 0): void {
    const primary = this.#world.primaries()[0];
    const candidate = pick(this.#world.members, seed, (member) => member !== primary);
    if (primary === undefined || candidate === undefined) {
      this.#world.note('switchover: nobody to ask');
      return;
    }
    this.#ask(primary, candidate, { kind: 'switchover', leader: primary.name });
  }

  /** Asked of any member, on what etcd says then. */
  askFailover(of: Member, seed: number, allowDataLoss: boolean): void {
    const { members, etcd } = this.#world;
    const leader = members.find(({ name }) => name === etcd.get('leader')?.value) ?? null;
    const candidate = pick(members, seed, (member) => member !== leader);
    if (candidate === undefined) return;
    const last = leader ?? members.find(({ name }) => name === this.#world.sync()?.leader) ?? null;
    const oldPrimaryIsFenced = members.every((each) => each === candidate || each.running?.phase !== 'primary');
    this.#ask(of, candidate, {
      kind: 'failover',
      leader: leader?.name ?? null,
      allowDataLoss,
      oldPrimaryIsFenced: oldPrimaryIsFenced && (last === null || last === candidate || !last.host.powered),
    });
  }

  /** Moved away, never removed; only where everybody else has everything. */
  reinit(member: Member): void {
    if (!this.#world.redundant() || this.#world.primaries().includes(member)) {
      this.#world.note('reinit: not now');
      return;
    }
    member.killBatond();
    member.guardian?.kill();
    member.running?.exit(null, 'SIGKILL');
    const { disk } = member;
    if (disk.data !== null) disk.replaced.push(disk.data);
    disk.data = null;
    member.startBatond();
  }

  // --- configuration -----------------------------------------------------------------------------------------------

  changeMode(seed: number): void {
    const mode = pick(['available', 'strict', 'off'], seed, (each) => each !== this.#world.mode);
    if (mode !== undefined) this.#edit((config) => ({ ...config, synchronous: { mode } }));
  }

  editConfig(seed: number): void {
    const change = pick(configChanges, seed, () => true);
    if (change === undefined) return;
    this.#edit((config) => {
      const merged = Object.entries(change).map(([section, values]) => [section, { ...config[section], ...values }]);
      return { ...config, ...Object.fromEntries(merged) };
    });
  }

  /** As it was when the cluster was created. */
  restoreConfig(): void {
    const [first] = this.#world.members;
    if (first === undefined || this.#world.etcd.get('config') === null) return;
    const { sharedText } = settingsOf(first.name, this.#world.mode);
    if (this.#world.etcd.get('config')?.value !== sharedText) this.#world.etcd.put('config', sharedText);
  }

  // --- keys that nobody can act on ---------------------------------------------------------------------------------

  spoil(key: string, text: string): void {
    const { etcd } = this.#world;
    this.#world.note(`garbage in ${key}: ${text.slice(0, 40)}`);
    if (this.#spoilt.get(key)?.text !== etcd.get(key)?.value) this.#spoilt.set(key, { text, before: etcd.get(key) });
    else this.#spoilt.set(key, { text, before: this.#spoilt.get(key)?.before ?? null });
    etcd.put(key, text);
  }

  /** As it was, unless somebody has overwritten the garbage; what was on a lease that has ended is deleted. */
  putRight(key: string): void {
    const { etcd } = this.#world;
    const spoilt = this.#spoilt.get(key);
    this.#spoilt.delete(key);
    if (spoilt === undefined || etcd.get(key)?.value !== spoilt.text) return;
    const { before } = spoilt;
    const orphan = before !== null && before.leaseId !== '0' && !etcd.store.leases.has(before.leaseId);
    if (before === null || orphan) etcd.delete(key);
    else etcd.put(key, before.value, before.leaseId);
  }

  #edit(change: (config: Config) => Config): void {
    const entry = this.#world.etcd.get('config');
    if (entry === null) return;
    try {
      const changed = JSON.stringify(change(JSON.parse(entry.value) as Config));
      this.#world.note(`config: ${changed}`);
      this.#world.etcd.put('config', changed);
    } catch {
      this.#world.note('config cannot be read, so it is not edited');
    }
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
   * what each has on its disk, by more than is written before they look (`writtenAtOnce` revisions); docs/operations.md
   * says why a new token is needed for any other.
   */
  restoreEtcdUnderItsOldId(writtenAtOnce = 0): void {
    const known = Math.min(...this.#world.members.map(({ disk }) => disk.kept?.highestRevision ?? 0));
    const older = this.#backups.findLast(({ revision }) => revision < known - writtenAtOnce);
    if (older === undefined) {
      this.#world.note('no backup is old enough to be noticed by everybody');
      return;
    }
    this.#replace(older, null);
  }

  #replace(saved: SavedStore, clusterId: string | null): void {
    const { etcd, clock, installed } = this.#world;
    if (installed.some(({ disk }) => disk.kept?.etcdClusterId == null)) {
      this.#world.note('a host remembers nothing of etcd, its disk is lost or new: not both at once');
      return;
    }
    this.#lostPast = { atMono: clock.mono(), leaving: new Set(this.#world.members.flatMap(leavesRecovery)) };
    etcd.restore(saved, clusterId === null ? etcd.store.clusterId : `${clusterId}-${this.#world.random.hex(8)}`);
  }

  /** I11: a member that knows that etcd lost its past writes nothing into it. */
  watching(member: Member, coordinator: Coordinator): Coordinator {
    return {
      ...coordinator,
      commit: async (txn, limitMs) => {
        this.#world.sends(member, txn);
        if (member.disk.kept?.hold != null)
          this.#world.invariants.violated('I11 etcd’s past', `${member.name} holds, and writes ${JSON.stringify(txn)}`);
        const late = this.#knowsBetter(member) && txn.writes.some(({ key }) => decisive.has(key));
        const outcome = await coordinator.commit(txn, limitMs);
        if (late && outcome.kind === 'applied' && this.etcdLostItsPast)
          this.#world.invariants.violated('I11 etcd’s past', `${member.name} writes ${JSON.stringify(txn)}`);
        return outcome;
      },
    };
  }

  /** etcd lost its past so long ago that whoever reaches it has seen that. */
  #knowsBetter({ name }: Member): boolean {
    const { clock, etcd } = this.#world;
    const lost = this.#lostPast;
    return lost !== null && this.#repair === null && clock.mono() - lost.atMono > underWayMs && etcd.reaches(name);
  }

  /** I11: nobody is promoted, and nobody starts as a primary, by an etcd that lost its past. */
  sawPrimary(server: FakeServer, how: LeftRecovery): void {
    if (this.#lostPast === null || this.#repair !== null || how === 'promoted by hand') return;
    const { atMono, leaving } = this.#lostPast;
    if (!leaving.has(server.runId) && this.#world.clock.mono() - atMono > underWayMs)
      this.#world.invariants.violated('I11 etcd’s past', `${server.host.name} ${how} although etcd lost its past`);
  }

  /** Everything works again: what needs a person is done by one. */
  mend(): void {
    for (const key of [...this.#spoilt.keys()]) this.putRight(key);
    this.restoreConfig();
    if (this.#lostPast === null || this.#repair !== null) return;
    this.#repair = new EtcdRepair(this.#world, () => {
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

const leavesRecovery = ({ running }: Member): readonly string[] =>
  running !== null && (running.recovery.promoting || (running.phase === 'starting' && running.startedAs === 'primary'))
    ? [running.runId]
    : [];

/** What decides who leads what: everything else a member may say of itself to any etcd. */
const decisive: ReadonlySet<string> = new Set(['leader', 'sync', 'initialize', 'history']);

/** Each valid by itself, and different from the defaults. */
const configChanges: readonly Config[] = [
  { lease: { ttl: '8s' } },
  { lease: { heartbeat: '500ms' } },
  { guardian: { orphan: '5s' } },
  { probe: { interval: '500ms', writeInterval: '200ms' } },
  { failover: { hang: '3s', streamSilence: '2s' } },
  { failover: { profile: 'calm' } },
  { failover: { failsafeWindow: '3s', coldStartWait: '5s' } },
];

function pick<T>(choices: readonly T[], seed: number, fits: (choice: T) => boolean): T | undefined {
  const fitting = choices.filter(fits);
  return fitting[Math.floor(seed * fitting.length)];
}
