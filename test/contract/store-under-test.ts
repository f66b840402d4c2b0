/** What the contract suites run against, and what they do with it. */
import { type LeaseId, leaseId, type MonoMs, type Ms, type Revision } from '../../src/core/units.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Coordinator, Entry, LeaseStore, Observation, Snapshot } from '../../src/ports/coordinator.ts';

export interface StoreUnderTest extends AsyncDisposable {
  /** Two members' views of one cluster's prefix, which is empty. */
  readonly coordinator: Coordinator;
  readonly other: Coordinator;
  readonly leases: LeaseStore;
  readonly clock: Clock;
  /** Lets time pass until the promise settles. */
  settled<T>(promise: Promise<T>): Promise<T>;
  /** Lets time pass until the fact holds; throws after `limitMs`. */
  until(fact: () => boolean, limitMs: Ms): Promise<void>;
  /** All of etcd refuses connections, and serves again. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Forgets the history up to now. */
  compact(): Promise<void>;
  /** Keeps a copy of everything as it is, which may stop etcd for a moment. */
  backUp(): Promise<void>;
  /** Puts that copy in the place of what there is, as the same etcd cluster. */
  restore(): Promise<void>;
}

export const limitMs: Ms = 2_000;
let lastLease = 7_000_000_000_000_000_000n;
export const newLease = (): LeaseId => leaseId(String(++lastLease));

/** Remembers everything that was observed until the signal aborts. */
export class Follower {
  readonly seen: Observation[] = [];
  readonly #controller = new AbortController();

  constructor(coordinator: Coordinator) {
    coordinator.follow((observation) => this.seen.push(observation), this.#controller.signal);
  }

  get newest(): { readonly snapshot: Snapshot; readonly confirmedMono: MonoMs } | null {
    return this.seen.findLast((observation) => observation.kind === 'snapshot') ?? null;
  }

  entry(key: string): Entry | undefined {
    return this.newest?.snapshot.entries.get(key);
  }

  end(): void {
    this.#controller.abort();
  }
}

/** A follower that has seen the first snapshot. */
export async function following(store: StoreUnderTest, coordinator = store.coordinator): Promise<Follower> {
  const follower = new Follower(coordinator);
  await store.until(() => follower.newest !== null, 3_000);
  return follower;
}

export const put = (key: string, value: string, lease?: LeaseId) => ({
  compares: [],
  writes: [{ op: 'put' as const, key, value, ...(lease && { leaseId: lease }) }],
});

export async function putBy(
  store: StoreUnderTest,
  coordinator: Coordinator,
  key: string,
  value: string,
): Promise<Revision> {
  const outcome = await store.settled(coordinator.commit(put(key, value), limitMs));
  if (outcome.kind !== 'applied') throw new Error(`not put: ${JSON.stringify(outcome)}`);
  return outcome.revision;
}
