/** What Baton relies on etcd's keys for. The same sentences hold for the simulator's etcd and for a real one. */
import { describe, expect, test } from 'vitest';
import { type Revision, revision } from '../../src/core/units.ts';
import { following, limitMs, newLease, put, putBy, type StoreUnderTest } from './store-under-test.ts';

export function coordinatorContract(name: string, aStore: () => Promise<StoreUnderTest>): void {
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

    test('that etcd is there is known from its watches within a second, and not any more when it has gone', async () => {
      await using store = await aStore();
      const follower = await following(store);
      await store.until(() => store.coordinator.reachedMono() !== null, 2_000);
      for (let round = 0; round < 3; round += 1) {
        const reachedMono = store.coordinator.reachedMono() ?? 0;
        await store.until(() => (store.coordinator.reachedMono() ?? 0) > reachedMono, 1_000);
      }
      await store.stop();
      await store.until(() => follower.seen.at(-1)?.kind === 'unreachable', 3_000);
      const reachedMono = store.coordinator.reachedMono() ?? 0;
      await store.until(() => store.clock.mono() - reachedMono > 2_500, 3_500);
      expect(store.coordinator.reachedMono()).toBe(reachedMono);
      await store.start();
      await store.until(() => (store.coordinator.reachedMono() ?? 0) > reachedMono, 5_000);
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

    test('one that writes nothing tells whether its comparisons hold, and makes no revision', async () => {
      await using store = await aStore();
      const term = await putBy(store, store.other, 'leader', 'a');
      const question = { compares: [{ key: 'leader', modRevision: term }], writes: [] };
      const holds = await store.settled(store.coordinator.commit(question, limitMs));
      expect(holds).toEqual({ kind: 'applied', revision: term });
      await putBy(store, store.other, 'leader', 'b');
      const over = await store.settled(store.coordinator.commit(question, limitMs));
      expect(over.kind).toBe('refused');
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
}
