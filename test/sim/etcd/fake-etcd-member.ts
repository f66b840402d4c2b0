/**
 * One etcd member: what its watchers have been told of the replicated log, and what is wrong with it. What is decided
 * is decided by all members together; what a client hears goes through one.
 */
import { after, elapsed, type MonoMs, type Ms, type Revision, revision } from '../../../src/core/units.ts';
import { type Change, EtcdFailure } from '../../../src/adapters/etcd/endpoint.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Random } from '../clock/random.ts';

export interface Watcher {
  changed(changes: readonly Change[]): void;
  compacted(): void;
  ended(problem: string): void;
}

/** A stream with `hasleader` is ended once its member has had no leader for so long (measured: 4-5 election timeouts). */
const leaderlessStreamMs = { min: 2_100, max: 2_600 } as const;

export class FakeEtcdMember {
  /** Its process refuses connections. */
  down = false;
  /** Grows with every start of its process: what was sent to one before is not heard. */
  run = 1;
  /** The other members do not hear it, while clients do. */
  cutOff = false;
  /** How much longer everything that it says takes. */
  slowMs: Ms = 0;
  /** How far its watch events are behind what it answers to reads and to progress requests (etcd-io/etcd#15220). */
  watchLagMs: Ms = 0;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #watchers = new Set<Watcher>();
  #leaderlessSince: MonoMs | null = null;
  /** Since when it has been cut off as the leader: it confirms renewals by itself until it notices. */
  #deposedSince: MonoMs | null = null;
  /** What waits for a leader. */
  #waiting: (() => void)[] = [];
  /** Applied by the others, and not told to those who watch here. */
  #untold: (readonly Change[])[] = [];
  #told: Revision = revision(0);
  #nextTellAt = 0;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The newest revision that those who watch here have heard of. */
  get told(): Revision {
    return this.#told;
  }

  get hasLeader(): boolean {
    return !this.down && this.#leaderlessSince === null;
  }

  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    if (this.#leaderlessSince !== null) this.#endSoon(watcher);
    return () => this.#watchers.delete(watcher);
  }

  applied(changes: readonly Change[]): void {
    this.#untold.push(changes);
    if (!this.hasLeader) return;
    const now = this.#clock.mono();
    if (this.watchLagMs === 0 && this.#nextTellAt <= now) {
      this.#tellAll();
      return;
    }
    this.#nextTellAt = Math.max(now + this.watchLagMs, this.#nextTellAt);
    this.#clock.timer(this.#nextTellAt - now, () => {
      if (this.hasLeader) this.#tellOne();
    });
  }

  #tellAll(): void {
    while (this.#untold.length > 0) this.#tellOne();
  }

  #tellOne(): void {
    const changes = this.#untold.shift();
    if (changes === undefined) return;
    this.#told = changes[0]?.revision ?? this.#told;
    for (const watcher of [...this.#watchers]) watcher.changed(changes);
  }

  /** The history that the untold events are of is gone: who waits for them must read everything. */
  compacted(): void {
    const newest = this.#untold.at(-1)?.[0]?.revision;
    if (newest === undefined) return;
    this.#untold = [];
    this.#told = newest;
    this.#endAll((watcher) => watcher.compacted());
  }

  breakWatches(): void {
    this.#endAll((watcher) => watcher.ended('connection reset'));
  }

  /** Its process ends; what it had not done is not done, what was told it is told by the log when it is back. */
  ends(): void {
    this.run += 1;
    this.#waiting = [];
    this.#endAll((watcher) => watcher.ended('connection reset'));
  }

  /** Another state of the store: what was to be told is of no past that exists. */
  forgets(): void {
    this.#untold = [];
    this.#told = revision(0);
  }

  /** It hears of no leader, or of one again: what was proposed here is carried out or forgotten, what it missed is told. */
  leaderKnown(known: boolean, wasLeader = false): void {
    if (known === (this.#leaderlessSince === null)) return;
    this.#leaderlessSince = known ? null : this.#clock.mono();
    this.#deposedSince = known || !wasLeader ? null : this.#clock.mono();
    if (!known) {
      for (const watcher of this.#watchers) this.#endSoon(watcher);
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const proposal of waiting) if (this.#random.chance(0.5)) proposal();
    this.#tellAll();
  }

  decide(action: (now: MonoMs) => void, refused: (failure: EtcdFailure) => void): void {
    if (this.down) refused(new EtcdFailure('not-taken', 'connection refused'));
    else if (this.hasLeader) action(this.#clock.mono());
    else this.#waiting.push(() => action(this.#clock.mono()));
  }

  /** A deposed leader confirms renewals that nobody else knows of, until an election timeout has passed. */
  confirmsAlone(electionTimeoutMs: Ms): boolean {
    return this.#deposedSince !== null && this.#clock.mono() < after(this.#deposedSince, electionTimeoutMs);
  }

  #endSoon(watcher: Watcher): void {
    const since = this.#leaderlessSince;
    const afterMs = this.#random.between(leaderlessStreamMs.min, leaderlessStreamMs.max);
    const leftMs = Math.max(1, afterMs - (since === null ? 0 : elapsed(since, this.#clock.mono())));
    this.#clock.timer(leftMs, () => {
      if (this.#leaderlessSince !== since || !this.#watchers.delete(watcher)) return;
      watcher.ended('etcdserver: no leader');
    });
  }

  #endAll(how: (watcher: Watcher) => void): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) how(watcher);
  }
}
