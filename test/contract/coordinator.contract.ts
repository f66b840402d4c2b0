/** What Baton relies on etcd for. The same sentences hold for the simulator's etcd and for a real one. */
import { describe, expect, test } from 'vitest';
import { elapsed, type LeaseId, leaseId, type MonoMs, type Ms, type Revision, revision } from '../../src/core/units.ts';
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
}

const limitMs: Ms = 2_000;
let lastLease = 7_000_000_000_000_000_000n;
const newLease = (): LeaseId => leaseId(String(++lastLease));

/** Remembers everything that was observed until the signal aborts. */
class Follower {
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

export function coordinatorContract(name: string, aStore: () => Promise<StoreUnderTest>): void {
  /** A follower that has seen the first snapshot. */
  async function following(store: StoreUnderTest, coordinator = store.coordinator): Promise<Follower> {
    const follower = new Follower(coordinator);
    await store.until(() => follower.newest !== null, 3_000);
    return follower;
  }
  const put = (key: string, value: string, lease?: LeaseId) => ({
    compares: [],
    writes: [{ op: 'put' as const, key, value, ...(lease && { leaseId: lease }) }],
  });
  async function putBy(store: StoreUnderTest, coordinator: Coordinator, key: string, value: string): Promise<Revision> {
    const outcome = await store.settled(coordinator.commit(put(key, value), limitMs));
    if (outcome.kind !== 'applied') throw new Error(`not put: ${JSON.stringify(outcome)}`);
    return outcome.revision;
  }

  describe(`${name}: reading and watching`, () => {
    test('the first observation is everything there is, in relative keys', async () => {
      await using store = await aStore();
      const lease = newLease();
      await store.settled(store.leases.grant(lease, 30_000, limitMs));
      const first = await putBy(store, store.other, 'leader', 'a');
      const second = await store.settled(store.other.commit(put('leader', 'b', lease), limitMs));
      await putBy(store, store.other, 'members/slough-a', '{}');
      const follower = await following(store);
      expect([...(follower.newest?.snapshot.entries.keys() ?? [])].sort()).toEqual(['leader', 'members/slough-a']);
      expect(second.kind).toBe('applied');
      expect(follower.entry('leader')).toEqual({
        value: 'b',
        createRevision: first,
        modRevision: second.kind === 'applied' && second.revision,
        leaseId: lease,
      });
      expect(follower.entry('members/slough-a')?.leaseId).toBe('0');
      expect(follower.newest?.snapshot.revision).toBeGreaterThanOrEqual(first + 2);
    });

    test('what another member puts and deletes is observed without waiting for the next read', async () => {
      await using store = await aStore();
      const follower = await following(store);
      for (let round = 0; round < 5; round += 1) {
        const value = `round ${round}`;
        const at = await putBy(store, store.other, 'sync', value);
        await store.until(() => follower.entry('sync')?.value === value, 600);
        expect(follower.entry('sync')?.modRevision).toBe(at);
        await store.settled(store.other.commit({ compares: [], writes: [{ op: 'delete', key: 'sync' }] }, limitMs));
        await store.until(() => follower.entry('sync') === undefined, 600);
      }
    });

    test('every revision is observed in order and none twice as a step back', async () => {
      await using store = await aStore();
      const follower = await following(store);
      const puts = Array.from({ length: 20 }, (_, index) =>
        putBy(store, index % 2 ? store.other : store.coordinator, `k${index}`, 'x'),
      );
      const last = revision(Math.max(...(await store.settled(Promise.all(puts)))));
      await store.until(() => (follower.newest?.snapshot.revision ?? 0) >= last, 2_000);
      const revisions = follower.seen.map((seen) => (seen.kind === 'snapshot' ? seen.snapshot.revision : 0));
      expect(revisions).toEqual(revisions.toSorted((one, two) => one - two));
      expect(follower.newest?.snapshot.entries.size).toBe(20);
    });

    test('a quiet cluster is confirmed every second', async () => {
      await using store = await aStore();
      const follower = await following(store);
      const firstMono = follower.newest?.confirmedMono ?? 0;
      await store.until(() => (follower.newest?.confirmedMono ?? 0) > firstMono, 1_600);
      const secondMono = follower.newest?.confirmedMono ?? 0;
      await store.until(() => (follower.newest?.confirmedMono ?? 0) > secondMono, 1_600);
      expect(secondMono).toBeLessThanOrEqual(store.clock.mono());
    });

    test('refresh confirms at once, and many of them are few reads', async () => {
      await using store = await aStore();
      const follower = await following(store);
      const seenBefore = follower.seen.length;
      const askedMono = store.clock.mono();
      for (let count = 0; count < 50; count += 1) store.coordinator.refresh();
      await store.until(() => (follower.newest?.confirmedMono ?? 0) >= askedMono, 500);
      expect(follower.seen.length - seenBefore).toBeLessThanOrEqual(3);
    });

    test('an ended follower observes nothing more, and the coordinator still commits', async () => {
      await using store = await aStore();
      const follower = await following(store);
      follower.end();
      const seen = follower.seen.length;
      await putBy(store, store.coordinator, 'a', '1');
      await putBy(store, store.other, 'b', '1');
      const again = await following(store);
      expect(follower.seen.length).toBe(seen);
      expect(again.entry('b')?.value).toBe('1');
    });

    test('an etcd that is gone is reported as unreachable, and its return is noticed', async () => {
      await using store = await aStore();
      const follower = await following(store);
      await store.stop();
      await store.until(() => follower.seen.at(-1)?.kind === 'unreachable', 3_000);
      const outcome = await store.settled(store.coordinator.commit(put('a', '1'), 500));
      expect(['failed', 'unknown']).toContain(outcome.kind);
      await store.start();
      await store.until(() => follower.seen.at(-1)?.kind === 'snapshot', 8_000);
      await putBy(store, store.other, 'b', '2');
      await store.until(() => follower.entry('b') !== undefined, 2_000);
    });
  });

  describe(`${name}: transactions`, () => {
    test('the first of two that demand an absent key wins, the second writes nothing', async () => {
      await using store = await aStore();
      const follower = await following(store);
      const campaign = (member: string) => ({
        compares: [{ key: 'leader', absent: true as const }],
        writes: [
          { op: 'put' as const, key: 'leader', value: member },
          { op: 'put' as const, key: 'claimed-by', value: member },
        ],
      });
      const outcomes = await store.settled(
        Promise.all([store.coordinator.commit(campaign('a'), limitMs), store.other.commit(campaign('b'), limitMs)]),
      );
      expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['applied', 'refused']);
      await store.until(() => follower.entry('leader') !== undefined, 1_000);
      expect(follower.entry('claimed-by')?.value).toBe(follower.entry('leader')?.value);
    });

    test('a mod revision that is no longer the key’s refuses everything', async () => {
      await using store = await aStore();
      const old = await putBy(store, store.other, 'sync', 'old');
      const now = await putBy(store, store.other, 'sync', 'new');
      const change = (modRevision: Revision) => ({
        compares: [{ key: 'sync', modRevision }],
        writes: [
          { op: 'put' as const, key: 'sync', value: 'mine' },
          { op: 'delete' as const, key: 'sync2' },
        ],
      });
      const late = await store.settled(store.coordinator.commit(change(old), limitMs));
      expect(late).toEqual({ kind: 'refused', revision: now });
      const right = await store.settled(store.coordinator.commit(change(now), limitMs));
      expect(right).toEqual({ kind: 'applied', revision: now + 1 });
      const absent = await store.settled(
        store.coordinator.commit(
          { compares: [{ key: 'nothing', modRevision: now }], writes: put('sync', 'x').writes },
          limitMs,
        ),
      );
      expect(absent.kind).toBe('refused');
    });

    test('the follower has seen an applied transaction whole when its outcome is known', async () => {
      await using store = await aStore();
      const follower = await following(store);
      await putBy(store, store.other, 'gone', 'soon');
      const at = await store.settled(
        store.coordinator
          .commit(
            {
              compares: [],
              writes: [...put('leader', 'a').writes, ...put('sync', 's').writes, { op: 'delete', key: 'gone' }],
            },
            limitMs,
          )
          .then((outcome) => ({ outcome, entries: follower.newest?.snapshot.entries })),
      );
      const modRevision = at.outcome.kind === 'applied' && at.outcome.revision;
      expect(at.entries?.get('leader')).toMatchObject({ value: 'a', modRevision });
      expect(at.entries?.get('sync')).toMatchObject({ value: 's', modRevision });
      expect(at.entries?.has('gone')).toBe(false);
      const torn = follower.seen.some(
        (seen) => seen.kind === 'snapshot' && seen.snapshot.entries.has('leader') !== seen.snapshot.entries.has('sync'),
      );
      expect(torn).toBe(false);
    });

    test('the follower has seen what refused a transaction when its outcome is known', async () => {
      await using store = await aStore();
      const follower = await following(store);
      await putBy(store, store.other, 'leader', 'b');
      const seen = await store.settled(
        store.coordinator
          .commit({ compares: [{ key: 'leader', absent: true }], writes: [] }, limitMs)
          .then((outcome) => ({ outcome, value: follower.entry('leader')?.value })),
      );
      expect(seen).toMatchObject({ outcome: { kind: 'refused' }, value: 'b' });
    });
  });

  describe(`${name}: leases`, () => {
    test('a key on a lease tells which, and anybody can ask how long that lives', async () => {
      await using store = await aStore();
      const lease = newLease();
      expect(await store.settled(store.leases.grant(lease, 5_000, limitMs))).toEqual({ ok: true, value: 5_000 });
      await store.settled(store.coordinator.commit(put('leader', 'a', lease), limitMs));
      const follower = await following(store, store.other);
      expect(follower.entry('leader')?.leaseId).toBe(lease);
      const ttl = await store.settled(store.other.leaseTtl(lease, limitMs));
      expect(ttl).toEqual({ ok: true, value: { kind: 'alive', remainingS: 4, grantedS: 5 } });
    });

    test('granting the same id again is the same grant', async () => {
      await using store = await aStore();
      const lease = newLease();
      expect(await store.settled(store.leases.grant(lease, 7_000, limitMs))).toEqual({ ok: true, value: 7_000 });
      expect(await store.settled(store.leases.grant(lease, 9_000, limitMs))).toEqual({ ok: true, value: 7_000 });
    });

    test('a lease shorter than etcd’s elections allow is granted longer, and says so', async () => {
      await using store = await aStore();
      expect(await store.settled(store.leases.grant(newLease(), 700, limitMs))).toEqual({ ok: true, value: 2_000 });
    });

    test('a key cannot be put on a lease that does not exist', async () => {
      await using store = await aStore();
      const outcome = await store.settled(store.coordinator.commit(put('leader', 'a', newLease()), limitMs));
      expect(outcome.kind).toBe('failed');
      const follower = await following(store);
      expect(follower.entry('leader')).toBeUndefined();
    });

    test('a renewal reports when it was sent and how long the lease lives from then', async () => {
      await using store = await aStore();
      const lease = newLease();
      await store.settled(store.leases.grant(lease, 3_000, limitMs));
      const sentMono = store.clock.mono();
      const renewals: [MonoMs, Ms][] = [];
      store.leases.renew(lease, 300, {
        renewed: (...renewal) => renewals.push(renewal),
        gone: () => expect.fail('it lives'),
      });
      await store.until(() => renewals.length > 0, 1_000);
      expect(renewals[0]?.[1]).toBe(3_000);
      expect(elapsed(sentMono, renewals[0]?.[0] ?? sentMono)).toBeLessThan(20);
    });

    test('a lease that does not exist is reported as gone, once', async () => {
      await using store = await aStore();
      let gone = 0;
      store.leases.renew(newLease(), 300, { renewed: () => expect.fail('it does not exist'), gone: () => (gone += 1) });
      await store.until(() => gone > 0, 1_000);
      const ttl = await store.settled(store.coordinator.leaseTtl(newLease(), limitMs));
      expect(ttl).toEqual({ ok: true, value: { kind: 'gone' } });
      expect(gone).toBe(1);
    });

    test('revoking a lease deletes its keys at once and may be repeated', async () => {
      await using store = await aStore();
      const follower = await following(store);
      const lease = newLease();
      await store.settled(store.leases.grant(lease, 30_000, limitMs));
      await store.settled(store.other.commit(put('leader', 'a', lease), limitMs));
      await store.until(() => follower.entry('leader') !== undefined, 600);
      expect(await store.settled(store.leases.revoke(lease, limitMs))).toEqual({ ok: true, value: undefined });
      await store.until(() => follower.entry('leader') === undefined, 600);
      expect(await store.settled(store.leases.revoke(lease, limitMs))).toEqual({ ok: true, value: undefined });
    });

    test('a lease that is not renewed expires after its ttl, a renewed one does not, and the deletion is watched', async () => {
      await using store = await aStore();
      const follower = await following(store);
      const [left, kept] = [newLease(), newLease()];
      await store.settled(store.leases.grant(kept, 2_000, limitMs));
      const grantedMono = store.clock.mono();
      await store.settled(store.leases.grant(left, 2_000, limitMs));
      await store.settled(store.other.commit(put('left', 'a', left), limitMs));
      await store.settled(store.other.commit(put('kept', 'a', kept), limitMs));
      await store.until(() => follower.entry('left') !== undefined && follower.entry('kept') !== undefined, 600);
      let renewing = true;
      const renew = () => {
        if (!renewing) return;
        store.leases.renew(kept, 300, { renewed: () => {}, gone: () => expect.fail('the renewed lease is gone') });
        store.clock.timer(250, renew);
      };
      renew();
      await store.until(() => follower.entry('left') === undefined, 4_000);
      renewing = false;
      const livedMs = elapsed(grantedMono, store.clock.mono());
      expect(livedMs).toBeGreaterThanOrEqual(2_000);
      expect(livedMs).toBeLessThan(3_500);
      expect(follower.entry('kept')).toBeDefined();
    });
  });
}
