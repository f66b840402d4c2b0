/**
 * etcd for the simulator: one replicated store, a link per member, leases that expire by etcd's own rules, leader changes
 * and outages. What Baton puts on top of etcd (mirror, watches, ambiguity) is the production code. All time is the
 * clock's and all chance the seed's.
 */
import { coordinateOver } from '../../src/adapters/etcd/coordinator.ts';
import { type Change, type EtcdEndpoint, EtcdFailure } from '../../src/adapters/etcd/endpoint.ts';
import { leaseStoreOver } from '../../src/adapters/etcd/renewing.ts';
import type { Write } from '../../src/core/transaction.ts';
import { type LeaseId, type MonoMs, type Ms, type Revision, second } from '../../src/core/units.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Coordinator, Entry, LeaseStore } from '../../src/ports/coordinator.ts';
import { fakeEndpoint } from './fake-etcd-endpoint.ts';
import { FakeEtcdLink, type Leg } from './fake-etcd-link.ts';
import { FakeEtcdStore, type SavedStore } from './fake-etcd-store.ts';
import type { Random } from './random.ts';

export interface FakeEtcdOptions {
  /** The world's clock, not one of a host. */
  readonly clock: Clock;
  readonly random: Random;
  /** etcd's own default. The shortest lease is 1.5 times as long. */
  readonly electionTimeoutMs?: Ms;
}

/** etcd revokes expired leases when it looks for them. */
const expiryScanMs: Ms = 500;

export class FakeEtcd {
  readonly store: FakeEtcdStore;
  /** `leaderless`: processes answer, nothing is decided. `down`: connections are refused. */
  state: 'serving' | 'leaderless' | 'down' = 'serving';
  readonly clock: Clock;
  readonly random: Random;
  readonly #electionTimeoutMs: Ms;
  readonly #links = new Map<string, FakeEtcdLink>();
  /** Proposals that wait for a leader. */
  #waiting: (() => void)[] = [];
  #cancelScan: () => void = () => {};
  #elections = 0;
  readonly #watchers = new Set<{ changed(changes: readonly Change[]): void; ended(problem: string): void }>();

  constructor(options: FakeEtcdOptions) {
    this.clock = options.clock;
    this.random = options.random;
    this.#electionTimeoutMs = options.electionTimeoutMs ?? 1_000;
    this.store = new FakeEtcdStore(`fake-${this.random.hex(8)}`);
    this.store.onChanges = (changes) => {
      for (const watcher of [...this.#watchers]) watcher.changed(changes);
    };
    this.#cancelScan = this.clock.timer(this.random.between(0, expiryScanMs), () => this.#scan());
  }

  /** `clock` is the process's own: what arrives for it waits while its clock does. */
  coordinatorFor(member: string, clock: Clock = this.clock): Coordinator {
    return coordinateOver([this.endpointFor(member, clock)], clock);
  }

  leaseStoreFor(member: string, clock: Clock = this.clock): LeaseStore {
    return leaseStoreOver([this.endpointFor(member, clock)], clock);
  }

  endpointFor(member: string, clock: Clock = this.clock): EtcdEndpoint {
    return fakeEndpoint(this, this.#link(member), clock);
  }

  /** Calls under way and to come end at their limits; whether they are carried out, and when, is the seed's. */
  cut(member: string, legs: Leg | 'both' = 'both'): void {
    const link = this.#link(member);
    if (legs !== 'answers') link.cut('requests');
    if (legs !== 'requests') link.cut('answers');
  }

  heal(member: string): void {
    this.#link(member).heal('requests');
    this.#link(member).heal('answers');
  }

  loseQuorum(): void {
    this.#elections += 1;
    if (this.state === 'serving') this.state = 'leaderless';
  }

  /** A leader is elected at once. What waited for one is carried out or forgotten, as the seed says. */
  regainQuorum(): void {
    if (this.state === 'serving') return;
    this.state = 'serving';
    this.store.restartLeases(this.clock.mono(), this.#electionTimeoutMs);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const proposal of waiting) if (this.random.chance(0.5)) proposal();
  }

  /** Leaderless for an election (by default as long as one was measured to take), then every lease starts anew. */
  changeLeader(durationMs: Ms = this.random.between(0.3, 2.5) * this.#electionTimeoutMs): void {
    this.loseQuorum();
    const election = this.#elections;
    this.clock.timer(durationMs, () => {
      if (election === this.#elections && this.state === 'leaderless') this.regainQuorum();
    });
  }

  /** Every etcd process is gone, its disk is not. */
  stop(): void {
    this.#elections += 1;
    this.state = 'down';
    this.#waiting = [];
    for (const watcher of [...this.#watchers]) watcher.ended('connection reset');
    this.#watchers.clear();
  }

  start(): void {
    this.regainQuorum();
  }

  /** What an operator does with a backup: an older state, new processes. A new cluster token makes a new cluster id. */
  restore(saved: SavedStore, clusterId: string = this.store.clusterId): void {
    this.stop();
    this.store.restore(saved, clusterId);
    this.start();
  }

  /** From outside Baton, at once. */
  put(key: string, value: string, leaseId?: LeaseId): Revision {
    const write: Write = { op: 'put', key, value, ...(leaseId !== undefined && { leaseId }) };
    return this.store.txn({ compares: [], writes: [write] }, null).reading.revision;
  }

  delete(key: string): void {
    this.store.txn({ compares: [], writes: [{ op: 'delete', key }] }, null);
  }

  get(key: string): Entry | null {
    return this.store.entries.get(key) ?? null;
  }

  /** Ends the expiry scan, so that a virtual clock may run out of events. */
  close(): void {
    this.#cancelScan();
  }

  // --- for the endpoints ---------------------------------------------------------------------------------------

  grantedS(askedS: number): number {
    return Math.max(askedS, Math.ceil((1.5 * this.#electionTimeoutMs) / second));
  }

  /** Carries out a proposal or a linearizable read now, or when there is a leader again. */
  decide(action: (now: MonoMs) => void, refused: (failure: EtcdFailure) => void): void {
    if (this.state === 'down') refused(new EtcdFailure('not-taken', 'connection refused'));
    else if (this.state === 'leaderless') this.#waiting.push(() => action(this.clock.mono()));
    else action(this.clock.mono());
  }

  addWatcher(watcher: { changed(changes: readonly Change[]): void; ended(problem: string): void }): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #scan(): void {
    this.#cancelScan = this.clock.timer(expiryScanMs, () => this.#scan());
    if (this.state === 'serving') this.store.revokeExpired(this.clock.mono());
  }

  #link(member: string): FakeEtcdLink {
    let link = this.#links.get(member);
    if (link === undefined) {
      link = new FakeEtcdLink(this.clock, this.random.fork());
      this.#links.set(member, link);
    }
    return link;
  }
}
