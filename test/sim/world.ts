/** Two or three hosts, etcd, clients, and the network between them: everything that a simulation consists of, made from a seed. */
import type { SyncMode } from '../../src/core/cluster.ts';
import { type MemberName, memberName, type Ms } from '../../src/core/units.ts';
import type { Txn } from '../../src/core/transaction.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Coordinator, LeaseStore } from '../../src/ports/coordinator.ts';
import type { Peers, Postgres } from '../../src/ports/postgres.ts';
import type { ProcessHost } from '../../src/ports/process-host.ts';
import { Client, type ClientLoad, clientsUnder } from './clients/clients.ts';
import { FakeEtcd } from './etcd/fake-etcd.ts';
import { FakeGuardianLink } from './hosts/fake-guardian-link.ts';
import { createFakePeers, type PeerWorld } from './hosts/fake-peers.ts';
import { createFakePostgres } from './postgres/fake-postgres.ts';
import { createFakeProcessHost } from './hosts/fake-process-host.ts';
import { FailoverBudget } from './checks/failover-budget.ts';
import type { FakeServer } from './postgres/fake-server.ts';
import { Host } from './hosts/host.ts';
import { Invariants, type SyncContent } from './checks/invariants.ts';
import type { LifeJournal } from './run/life-journal.ts';
import { forcedCandidate, type Keys } from './checks/key-rules.ts';
import { LocalPostgres } from './postgres/local-postgres.ts';
import { Member } from './hosts/member.ts';
import { Network } from './hosts/network.ts';
import type { People } from './hosts/people.ts';
import { Operator } from './clients/operator.ts';
import { Random } from './clock/random.ts';
import type { LeftRecovery } from './postgres/recovery.ts';
import { Service } from './checks/service.ts';
import { settingsOf, silentMs } from './hosts/settings.ts';
import { SimBatond } from './hosts/sim-batond.ts';
import { SimGuardian } from './hosts/sim-guardian.ts';
import { SimObserver } from './hosts/sim-observer.ts';
import { VirtualClock } from './clock/virtual-clock.ts';

/** Mistakes to be planted, each in a copy of what the daemons get. */
export interface Mistakes {
  readonly coordinator?: (right: Coordinator, clock: Clock, member: Member) => Coordinator;
  readonly leases?: (right: LeaseStore, clock: Clock) => LeaseStore;
  readonly postgres?: (right: Postgres, member: Member) => Postgres;
  readonly processHost?: (right: ProcessHost) => ProcessHost;
  readonly peers?: (right: Peers) => Peers;
  readonly checkpointerStuck?: boolean;
}

export interface WorldOptions {
  readonly seed: number;
  readonly mode: SyncMode;
  /** Two when absent. */
  readonly members?: 2 | 3;
  /** Drawn from the seed when absent: one in most lives, since three cost three times the events. */
  readonly etcdMembers?: 1 | 3;
  readonly mistakes?: Mistakes;
  readonly load?: ClientLoad;
  readonly people?: People;
  readonly journal?: LifeJournal;
}

export class World implements PeerWorld {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly network: Network;
  readonly etcd: FakeEtcd;
  readonly members: readonly Member[];
  readonly clients: readonly Client[];
  readonly invariants: Invariants;
  readonly service = new Service();
  readonly budget: FailoverBudget;
  readonly operator: Operator;
  readonly events: string[] = [];
  readonly mode: SyncMode;
  /** Set by a planted mistake, and by nothing else. */
  stuckCheckpointer = false;
  readonly #options: WorldOptions;
  readonly #twins: Member[] = [];
  readonly #hosts = new Map<string, Host>();
  #over = false;
  #uid = 0;
  #pid = 1_000;
  #sync: { readonly modRevision: number; readonly content: SyncContent | null } = { modRevision: -1, content: null };
  /** Which version of etcd's store `#sync` and `#keys` were read from. */
  #syncOfVersion = -1;
  #keysOfVersion = -1;
  #keysThen: Keys | null = null;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.mode = options.mode;
    this.budget = new FailoverBudget(this.service, options.mode);
    this.stuckCheckpointer = options.mistakes?.checkpointerStuck === true;
    this.random = new Random(options.seed);
    this.network = new Network(this.clock, this.random.fork());
    const drawnMembers = this.random.chance(0.25) ? 3 : 1;
    this.etcd = new FakeEtcd({
      clock: this.clock,
      random: this.random.fork(),
      members: options.etcdMembers ?? drawnMembers,
    });
    const names = options.members === 3 ? ['a', 'b', 'c'] : ['a', 'b'];
    this.members = names.map((name) => {
      return this.#install(memberName(name), name);
    });
    this.operator = new Operator(this);
    this.invariants = new Invariants({
      members: this.members,
      now: () => this.clock.mono(),
      sync: () => this.sync(),
      keys: () => this.#keys(),
      forced: () => forcedCandidate(this.etcd.get('failover')?.value),
      confirmedRenewal: (name) => {
        const { lease } = this.#at(name).disk;
        return lease === null ? null : this.etcd.confirmed(lease);
      },
      reachesEtcd: (name) => this.etcd.reaches(name) && !this.operator.etcdLostItsPast,
      calm: (nowMs) => this.budget.calm(nowMs) && !this.etcd.store.entries.has('failover'),
      // While automation is held, nobody takes over and no lost standby is taken out.
      overBudget: (nowMs) => this.budget.look(this.redundant() && !this.operator.etcdLostItsPast, nowMs),
    });
    this.clients = clientsUnder(options.load ?? 'drawn', this.random.fork()).map(
      (each) => new Client(this, this.clock, this.random.fork(), names, each, this.service),
    );
    for (const member of this.members) this.clock.timer(this.random.between(0, 500), () => member.startBatond());
  }

  member(name: string): Member {
    const found = this.members.find((each) => each.name === name);
    if (found === undefined) throw new RangeError(`no member ${name}`);
    return found;
  }

  /** Somebody copied a configuration: another host, with a disk of its own, and a daemon of a name that is taken. */
  addTwin(of: Member): Member {
    const twin = this.#install(of.name, `${of.name}-twin-${this.#twins.length + 1}`);
    this.#twins.push(twin);
    twin.startBatond();
    return twin;
  }

  /** A third site, where nothing of the cluster is but this. */
  addObserver(): SimObserver {
    const host = new Host('o', this.clock);
    this.#hosts.set('o', host);
    const observer = new SimObserver(host, this, this.random.fork(), this.#options.people ?? null);
    observer.start();
    return observer;
  }

  /** The members and the twins that run: whoever may come to know etcd. */
  get installed(): readonly Member[] {
    return [...this.members, ...this.#twins.filter(({ host }) => host.powered)];
  }

  /** What runs on this host. */
  #at(host: string): Member {
    return this.#twins.find((each) => each.host.name === host) ?? this.member(host);
  }

  #install(name: MemberName, hostName: string): Member {
    const host = new Host(hostName, this.clock);
    this.#hosts.set(hostName, host);
    return new Member(name, host, this, this.random.fork(), {
      batond: (member) => this.#batond(member),
      guardian: (member) => this.#guardian(member),
    });
  }

  /** The members whose server takes clients' writes. */
  primaries(): readonly Member[] {
    return this.members.filter(({ running }) => running?.phase === 'primary' && running.dir.admits === 'everybody');
  }

  /**
   * One primary takes writes and all other members are its standbys, each as the copy that `sync` names where the mode
   * names any: another copy may have every commit, and only an operator can know (I9).
   */
  redundant(): boolean {
    const [primary, another] = this.primaries();
    const server = primary?.running ?? null;
    if (primary === undefined || another !== undefined || server === null) return false;
    const sync = this.sync();
    if (sync?.mode !== this.mode) return false;
    return this.members.every((member) => {
      if (member === primary) return true;
      const { name, running } = member;
      const streams = [...server.senders].some((sender) => sender.streaming && sender.receiver.server === running);
      if (running?.phase !== 'standby' || !streams) return false;
      return this.mode === 'off' || (sync.standbys.includes(name) && sync.copies[name] === running.dir.copy?.copyId);
    });
  }

  /**
   * The sync key as etcd holds it now. What cannot be read binds nobody to anything new, and neither does an etcd that
   * lost its past, before an operator has looked: what was there before counts.
   */
  sync(): SyncContent | null {
    const { store } = this.etcd;
    if (this.#syncOfVersion === store.version || this.operator.etcdLostItsPast) return this.#sync.content;
    const entry = store.entries.get('sync');
    if (entry === undefined) return null;
    this.#syncOfVersion = store.version;
    if (entry.modRevision !== this.#sync.modRevision)
      this.#sync = { modRevision: entry.modRevision, content: syncContent(entry.value) ?? this.#sync.content };
    return this.#sync.content;
  }

  /** A daemon sends a transaction. */
  sends(sender: Member, txn: Txn): void {
    if (this.operator.etcdLostItsPast) return;
    const { etcd, network, members } = this;
    const entry = etcd.get('leader');
    const named = members.find(({ name }) => name === entry?.value) ?? null;
    // What somebody else wrote there is nobody's, and so is what the sender does not know of.
    const knows = txn.compares.some(
      (compare) => compare.key === 'leader' && 'modRevision' in compare && compare.modRevision === entry?.modRevision,
    );
    const onItsLease = named !== null && entry !== null && named.disk.lease === entry.leaseId;
    // An operator asks for it; or asked for it, and the transaction goes by that: once the request is gone it is refused.
    const asked =
      etcd.store.entries.has('failover') ||
      txn.compares.some((compare) => compare.key === 'failover' && 'modRevision' in compare);
    const holder = knows && onItsLease && !asked ? named : null;
    this.invariants.sent(sender, txn, {
      holder,
      mode: this.sync()?.mode ?? null,
      regularMs: entry === null ? 0 : etcd.renewedRegularlyMs(entry.leaseId),
      refuses:
        holder !== null &&
        (network.refusedWithin(sender.name, holder.name, refusalMs) ||
          network.refusedWithin(holder.name, sender.name, refusalMs)),
    });
  }

  #keys(): Keys | null {
    const { store } = this.etcd;
    if (this.operator.etcdLostItsPast || this.etcd.wasTouched()) return null;
    if (this.#keysOfVersion === store.version) return this.#keysThen;
    this.#keysOfVersion = store.version;
    this.#keysThen = {
      leader: store.entries.get('leader') ?? null,
      syncRevision: store.entries.get('sync')?.modRevision ?? null,
      sync: this.sync(),
      predecessor: store.entries.get('predecessor') ?? null,
      timeline: store.entries.get('timeline') ?? null,
      handOver: store.entries.get('handover') ?? null,
      forced: forcedCandidate(store.entries.get('failover')?.value),
    };
    return this.#keysThen;
  }

  // --- for servers and peers --------------------------------------------------------------------------------------

  host(name: string): Host {
    const found = this.#hosts.get(name);
    if (found === undefined) throw new RangeError(`no host ${name}`);
    return found;
  }

  listening(name: string): FakeServer | null {
    const server = this.#at(name).running;
    return server === null || server.phase === 'orphaned' ? null : server;
  }

  daemon(name: string): SimBatond | null {
    const { batond } = this.#at(name);
    return batond?.process.alive === true ? batond : null;
  }

  nextUid = (): number => ++this.#uid;
  nextPid = (): number => ++this.#pid;
  checkpointerStuck = (): boolean => this.stuckCheckpointer;

  madeDurable(server: FakeServer, record: Parameters<Invariants['madeDurable']>[1]): void {
    this.invariants.madeDurable(server, record);
  }

  leftRecovery(server: FakeServer, how: LeftRecovery): void {
    this.note(`${server.host.name}: postgres ${server.pid} ${how}, a primary on timeline ${server.dir.timeline}`);
    this.operator.sawPrimary(server, how);
    this.invariants.leftRecovery(server, how);
  }

  acknowledged(server: FakeServer, record: Parameters<Invariants['acknowledgedCommit']>[1]): void {
    this.invariants.acknowledgedCommit(server, record);
  }

  read(server: FakeServer): void {
    this.invariants.read(server);
  }

  cancelled(record: Parameters<Invariants['cancelledCommit']>[0]): void {
    this.invariants.cancelledCommit(record);
  }

  fencedRemotely(server: FakeServer, by: string): void {
    this.note(`${server.host.name}: postgres ${server.pid} is fenced by ${by}`);
    // An etcd that has lost its past names whoever led long ago; the fence had asked the one before it.
    const leader = this.operator.etcdLostItsPast ? null : (this.etcd.get('leader')?.value ?? null);
    this.invariants.fencedRemotely(server, leader);
  }

  /** What a life leaves behind is given back. Nothing may be asked of this world any more but what it was. */
  end(): void {
    this.#over = true;
    this.etcd.close();
    for (const host of this.#hosts.values()) host.dismantle();
  }

  note(text: string): void {
    if (this.#over) return;
    this.#options.journal?.happened(this.clock.mono(), text);
    this.events.push(`${this.clock.mono().toFixed(1).padStart(9)} ${text}`);
  }

  // --- the daemons ------------------------------------------------------------------------------------------------

  #batond(member: Member): SimBatond {
    const process = member.host.spawn('batond');
    const { mistakes } = this.#options;
    const random = this.random.fork();
    const { name, machine, disk } = member;
    const processHost = createFakeProcessHost(machine, process);
    const local = new LocalPostgres(this, process, random, () => member.server);
    const postgres = createFakePostgres({ member: name, disk, local });
    const coordinator = this.operator.watching(member, this.etcd.coordinatorFor(member.host.name, process));
    const peers = createFakePeers(this, process);
    this.note(`${name}: batond starts`);
    return new SimBatond({
      process,
      disk,
      random,
      settings: settingsOf(name, this.mode, member.host.name),
      coordinator: mistakes?.coordinator?.(coordinator, process.clock, member) ?? coordinator,
      postgres: mistakes?.postgres?.(postgres, member) ?? postgres,
      peers: mistakes?.peers?.(peers) ?? peers,
      hangUp: () => peers.disconnect(),
      guardian: new FakeGuardianLink({
        batond: process,
        random,
        silentMs,
        dataDir: dataDirOf(name),
        processHost: mistakes?.processHost?.(processHost) ?? processHost,
        guardian: () => member.livingGuardian(),
        spawn: () => member.spawnGuardian(),
      }),
      people: this.#options.people ?? null,
      note: (text) => this.note(`${name}: ${text}`),
      decided: (view, decision) => this.#options.journal?.decided(this.clock.mono(), name, view, decision),
    });
  }

  #guardian(member: Member): SimGuardian {
    const process = member.host.spawn('guardian');
    const { mistakes } = this.#options;
    const { name, machine, disk } = member;
    const leases = this.etcd.leaseStoreFor(member.host.name, process);
    const right = createFakeProcessHost(machine, process);
    return new SimGuardian({
      process,
      disk,
      machine,
      random: this.random.fork(),
      dataDir: dataDirOf(name),
      processHost: mistakes?.processHost?.(right) ?? right,
      leases: mistakes?.leases?.(leases, process.clock) ?? leases,
      note: (text) => this.note(`${name}: ${text}`),
    });
  }
}

/** So long a refused connection stays evidence. */
const refusalMs: Ms = 5_000;

export const dataDirOf = (member: MemberName): string => `/${member}`;

/** How long the world may take from nothing, or from the last heal, until it is redundant. */
export const settleMs: Ms = 60_000;

/** Null when it cannot be read. */
function syncContent(text: string): SyncContent | null {
  try {
    const parsed = JSON.parse(text) as {
      leader: string;
      sync_standby: string | null;
      mode: SyncMode;
      copies: Record<string, string>;
    };
    if (typeof parsed.leader !== 'string' || typeof parsed.copies !== 'object') return null;
    const standbys = (parsed.sync_standby ?? '').split(',').filter((name) => name !== '');
    return { leader: parsed.leader, standbys, mode: parsed.mode, copies: parsed.copies };
  } catch {
    return null;
  }
}
