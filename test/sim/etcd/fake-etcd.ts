/**
 * etcd for the simulator: one replicated store, members through which it is used, a link from each client to each of
 * them, leases that expire by etcd's own rules, leader changes and outages. What Baton puts on top of etcd (mirror,
 * watches, hedging, ambiguity) is the production code. All time is the clock's and all chance the seed's.
 */
import { coordinateOver } from '../../../src/adapters/etcd/coordinator.ts';
import type { EtcdEndpoint } from '../../../src/adapters/etcd/endpoint.ts';
import { leaseStoreOver } from '../../../src/adapters/etcd/renewing.ts';
import type { Write } from '../../../src/core/transaction.ts';
import { type LeaseId, type Ms, type Revision, second } from '../../../src/core/units.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Coordinator, Entry, LeaseStore } from '../../../src/ports/coordinator.ts';
import { type CallFate, type EtcdClient, fakeEndpoint } from './fake-etcd-endpoint.ts';
import { FakeEtcdLink, type Leg, type LinkTrouble } from './fake-etcd-link.ts';
import { FakeEtcdMember } from './fake-etcd-member.ts';
import { FakeEtcdStore, type SavedStore } from './fake-etcd-store.ts';
import type { Random } from '../clock/random.ts';

export interface FakeEtcdOptions {
  /** The world's clock, not one of a host. */
  readonly clock: Clock;
  readonly random: Random;
  /** One when absent. */
  readonly members?: 1 | 3;
  /** etcd's own default. The shortest lease is 1.5 times as long. */
  readonly electionTimeoutMs?: Ms;
}

/** etcd revokes expired leases when it looks for them. */
const expiryScanMs: Ms = 500;

/** A lease of whole seconds that is renewed so often never shows less than a living leader's. */
const regularMs: Ms = 900;

export class FakeEtcd {
  readonly store: FakeEtcdStore;
  readonly members: readonly FakeEtcdMember[];
  readonly clock: Clock;
  readonly random: Random;
  readonly electionTimeoutMs: Ms;
  /** The share of calls whose outcome the caller does not learn (see CallFate). */
  troubledShare = 0;
  readonly #links = new Map<string, FakeEtcdLink>();
  #leader = 0;
  /** Elections go on and nobody wins one. */
  #leaderless = false;
  #elections = 0;
  #cancelScan: () => void = () => {};

  readonly #confirmed = new Map<LeaseId, { readonly sentMs: number; readonly ttlMs: Ms }>();
  readonly #renewals = new Map<LeaseId, { readonly newestMs: number; readonly regularSinceMs: number }>();
  #touched = false;
  readonly #nobody: EtcdClient;

  constructor(options: FakeEtcdOptions) {
    this.clock = options.clock;
    this.#nobody = { clock: this.clock, run: (action) => action() };
    this.random = options.random;
    this.electionTimeoutMs = options.electionTimeoutMs ?? 1_000;
    this.store = new FakeEtcdStore(`fake-${this.random.hex(8)}`);
    this.members = Array.from(
      { length: options.members ?? 1 },
      () => new FakeEtcdMember(this.clock, this.random.fork()),
    );
    this.store.onChanges = (changes) => {
      for (const member of this.members) member.applied(changes);
    };
    this.#cancelScan = this.clock.timer(this.random.between(0, expiryScanMs), () => this.#scan());
  }

  /** `leaderless`: processes answer, nothing is decided. `down`: connections are refused. */
  get state(): 'serving' | 'leaderless' | 'down' {
    if (this.members.every((member) => member.down)) return 'down';
    return this.hasQuorum ? 'serving' : 'leaderless';
  }

  /** Without a process the client is nobody's, and always there. */
  coordinatorFor(client: string, process: EtcdClient = this.#nobody): Coordinator {
    return coordinateOver(this.endpointsFor(client, process), process.clock);
  }

  leaseStoreFor(client: string, process: EtcdClient = this.#nobody): LeaseStore {
    return leaseStoreOver(this.endpointsFor(client, process), process.clock);
  }

  endpointsFor(client: string, process: EtcdClient = this.#nobody): readonly EtcdEndpoint[] {
    return this.members.map((member, index) => fakeEndpoint(this, member, this.#link(client, index), process));
  }

  // --- links -------------------------------------------------------------------------------------------------------

  /** Calls under way and to come end at their limits; whether they are carried out, and when, is the seed's. */
  cut(client: string, legs: Leg | 'both' = 'both', members: Iterable<number> = this.members.keys()): void {
    for (const index of members) {
      const link = this.#link(client, index);
      if (legs !== 'answers') link.cut('requests');
      if (legs !== 'requests') link.cut('answers');
    }
  }

  /** A client's way to every member. */
  trouble(client: string, trouble: LinkTrouble): void {
    for (const index of this.members.keys()) this.#link(client, index).trouble = trouble;
  }

  /** That share of a client's transactions. */
  delayTransactions(client: string, lateMs: Ms, share: number): void {
    for (const index of this.members.keys()) this.#link(client, index).transactions = { lateMs, share };
  }

  refuse(client: string): void {
    for (const index of this.members.keys()) this.#link(client, index).refuses = true;
  }

  heal(client: string, members: Iterable<number> = this.members.keys()): void {
    for (const index of members) this.#link(client, index).heals();
  }

  /** To everybody, this member's process is stopped: it takes what is sent, and answers when it goes on. */
  freezeMember(index: number): void {
    for (const client of this.#clients()) this.cut(client, 'both', [index]);
  }

  thawMember(index: number): void {
    for (const client of this.#clients()) this.heal(client, [index]);
  }

  // --- members -----------------------------------------------------------------------------------------------------

  get leader(): number {
    return this.#leader;
  }

  loseQuorum(): void {
    this.#elections += 1;
    this.#leaderless = true;
    this.#changed();
  }

  /** A leader is elected at once. */
  regainQuorum(): void {
    this.#elections += 1;
    this.#leaderless = false;
    this.#changed();
  }

  /** Leaderless for an election (by default as long as one was measured to take), then every lease starts anew. */
  changeLeader(durationMs: Ms = this.random.between(0.3, 2.5) * this.electionTimeoutMs): void {
    this.loseQuorum();
    const election = this.#elections;
    this.clock.timer(durationMs, () => {
      if (election === this.#elections && this.#leaderless) this.regainQuorum();
    });
  }

  /** Every etcd process is gone, its disk is not. */
  stop(): void {
    for (const member of this.members) {
      member.down = true;
      member.ends();
    }
    this.#changed();
  }

  start(): void {
    for (const member of this.members) member.down = false;
    this.regainQuorum();
  }

  /** One member's process ends; the others elect a leader if it was that. */
  stopMember(index: number): void {
    const member = this.#member(index);
    member.down = true;
    member.ends();
    this.#withoutLeader(index);
  }

  startMember(index: number): void {
    this.#member(index).down = false;
    this.#changed();
  }

  /** One member is cut off from the others, and clients still reach it. */
  isolateMember(index: number): void {
    this.#member(index).cutOff = true;
    this.#withoutLeader(index);
  }

  joinMember(index: number): void {
    this.#member(index).cutOff = false;
    this.#changed();
  }

  slowMember(index: number, slowMs: Ms): void {
    this.#member(index).slowMs = slowMs;
  }

  lagWatches(lagMs: Ms): void {
    for (const member of this.members) member.watchLagMs = lagMs;
  }

  /** All watches end, as when the connections to all members break. */
  breakWatches(): void {
    for (const member of this.members) member.breakWatches();
  }

  compact(): void {
    this.store.compact(this.store.revision);
    for (const member of this.members) member.compacted();
  }

  /** What an operator does with a backup: an older state, new processes. A new cluster token makes a new cluster id. */
  restore(saved: SavedStore, clusterId: string = this.store.clusterId): void {
    this.#touched = true;
    this.stop();
    this.store.restore(saved, clusterId, this.clock.mono());
    for (const member of this.members) member.forgets();
    this.start();
  }

  /** Whatever was done to its members and links is over. */
  heals(): void {
    this.troubledShare = 0;
    for (const member of this.members) {
      member.slowMs = 0;
      member.watchLagMs = 0;
      member.cutOff = false;
      member.down = false;
    }
    for (const client of this.#clients()) this.heal(client);
    this.regainQuorum();
  }

  // --- from outside Baton, at once -----------------------------------------------------------------------------------

  put(key: string, value: string, leaseId?: LeaseId): Revision {
    this.#touched = true;
    const write: Write = { op: 'put', key, value, ...(leaseId !== undefined && { leaseId }) };
    return this.store.txn({ compares: [], writes: [write] }, null).reading.revision;
  }

  delete(key: string): void {
    this.#touched = true;
    this.store.txn({ compares: [], writes: [{ op: 'delete', key }] }, null);
  }

  /** Whether anybody but Baton wrote anything since this was asked last. */
  wasTouched(): boolean {
    const touched = this.#touched;
    this.#touched = false;
    return touched;
  }

  get(key: string): Entry | null {
    return this.store.entries.get(key) ?? null;
  }

  /** Ends the expiry scan, so that a virtual clock may run out of events. */
  close(): void {
    this.#cancelScan();
  }

  // --- for the endpoints ---------------------------------------------------------------------------------------------

  grantedS(askedS: number): number {
    return Math.max(askedS, Math.ceil((1.5 * this.electionTimeoutMs) / second));
  }

  /** etcd said yes to a renewal that was sent then, by the world's clock. */
  confirms(id: LeaseId, sentMs: number, ttlMs: Ms): void {
    const nowMs = this.clock.mono();
    const before = this.#renewals.get(id);
    const regular = before !== undefined && nowMs - before.newestMs <= regularMs;
    this.#renewals.set(id, { newestMs: nowMs, regularSinceMs: regular ? before.regularSinceMs : nowMs });
    if (sentMs > (this.#confirmed.get(id)?.sentMs ?? Number.NEGATIVE_INFINITY))
      this.#confirmed.set(id, { sentMs, ttlMs });
  }

  /** For how long no renewal has been missing; 0 when one is. */
  renewedRegularlyMs(id: LeaseId): Ms {
    const renewals = this.#renewals.get(id);
    const nowMs = this.clock.mono();
    if (renewals === undefined || !this.store.leases.has(id) || nowMs - renewals.newestMs > regularMs) return 0;
    return nowMs - renewals.regularSinceMs;
  }

  /** Whether this client's calls are answered as soon as they should be. */
  reaches(client: string): boolean {
    return this.state === 'serving' && [...this.members.keys()].every((index) => this.#link(client, index).whole);
  }

  /** Deletes a lease from outside Baton, alive or not, if it is there. */
  revoke(id: LeaseId): void {
    if (!this.store.leases.has(id)) return;
    this.#touched = true;
    this.store.revoke(id);
  }

  /** The newest renewal that etcd confirmed; null when it has confirmed none. */
  confirmed(id: LeaseId): { readonly sentMs: number; readonly ttlMs: Ms } | null {
    return this.#confirmed.get(id) ?? null;
  }

  fate(): CallFate {
    if (this.troubledShare === 0 || !this.random.chance(this.troubledShare)) return 'answered';
    return this.random.pick(['answer-lost', 'request-lost', 'late'] as const);
  }

  #clients(): readonly string[] {
    return [...new Set([...this.#links.keys()].map((key) => key.slice(0, key.indexOf('/'))))];
  }

  #member(index: number): FakeEtcdMember {
    const member = this.members[index];
    if (member === undefined) throw new RangeError(`no etcd member ${index}`);
    return member;
  }

  get hasQuorum(): boolean {
    const together = this.members.filter((member) => !member.down && !member.cutOff);
    return !this.#leaderless && together.length > this.members.length / 2;
  }

  #withoutLeader(index: number): void {
    this.#changed(index === this.#leader ? index : null);
    if (index === this.#leader && this.hasQuorum) this.changeLeader();
  }

  /** Tells every member whether there is a leader; a new one has just been elected when there was none before. */
  #changed(deposed: number | null = null): void {
    const quorum = this.hasQuorum;
    const before = this.members.some((member) => member.hasLeader && !member.cutOff);
    if (quorum) {
      const candidates = [...this.members.keys()].filter((at) => !this.#member(at).down && !this.#member(at).cutOff);
      if (!candidates.includes(this.#leader)) this.#leader = this.random.pick(candidates);
      if (!before) this.store.restartLeases(this.clock.mono(), this.electionTimeoutMs);
    }
    for (const [index, member] of this.members.entries())
      member.leaderKnown(quorum && !member.down && !member.cutOff, index === deposed);
  }

  #scan(): void {
    this.#cancelScan = this.clock.timer(expiryScanMs, () => this.#scan());
    if (this.state === 'serving') this.store.revokeExpired(this.clock.mono());
  }

  #link(client: string, index: number): FakeEtcdLink {
    const key = `${client}/${index}`;
    let link = this.#links.get(key);
    if (link === undefined) {
      link = new FakeEtcdLink(this.clock, this.random.fork());
      this.#links.set(key, link);
    }
    return link;
  }
}
