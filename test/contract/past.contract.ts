/** What etcd does with its past: restarts, compaction, an older copy. The same for the simulator's etcd and a real one. */
import { describe, expect, test } from 'vitest';
import { elapsed } from '../../src/core/units.ts';
import { following, limitMs, newLease, put, putBy, type StoreUnderTest } from './store-under-test.ts';

export function pastContract(name: string, aStore: () => Promise<StoreUnderTest>): void {
  describe(`${name}: its past`, () => {
    test('a new leader gives every lease its whole life again', async () => {
      await using store = await aStore();
      const lease = newLease();
      await store.settled(store.leases.grant(lease, 4_000, limitMs));
      const grantedMono = store.clock.mono();
      await store.until(() => elapsed(grantedMono, store.clock.mono()) > 2_500, 4_000);
      await store.stop();
      await store.start();
      const ttl = await store.settled(store.other.leaseTtl(lease, limitMs));
      expect(ttl).toMatchObject({ ok: true, value: { kind: 'alive', grantedS: 4 } });
      expect(ttl.ok && ttl.value.kind === 'alive' ? ttl.value.remainingS : 0).toBeGreaterThanOrEqual(3);
    });

    test('what was compacted while a member was away is found out by reading', async () => {
      await using store = await aStore();
      const follower = await following(store);
      await putBy(store, store.other, 'gone', 'soon');
      await store.stop();
      await store.until(() => follower.seen.at(-1)?.kind === 'unreachable', 3_000);
      await store.start();
      await store.settled(store.other.commit({ compares: [], writes: [{ op: 'delete', key: 'gone' }] }, limitMs));
      await putBy(store, store.other, 'stays', '1');
      await store.compact();
      await store.until(() => follower.entry('stays') !== undefined && follower.entry('gone') === undefined, 6_000);
    });

    test('an older copy brings back its revision, its keys and its leases, which begin anew', async () => {
      await using store = await aStore();
      const lease = newLease();
      await store.settled(store.leases.grant(lease, 3_000, limitMs));
      await store.settled(store.coordinator.commit(put('leader', 'a', lease), limitMs));
      const saved = await putBy(store, store.coordinator, 'sync', 'old');
      await store.backUp();
      const renewed = { renewed: () => {}, gone: () => {} };
      store.leases.renew(lease, limitMs, renewed);
      await putBy(store, store.coordinator, 'sync', 'new');
      await putBy(store, store.coordinator, 'later', 'x');
      await store.restore();
      const follower = await following(store, store.other);
      expect(follower.newest?.snapshot.revision).toBe(saved);
      expect(follower.entry('sync')?.value).toBe('old');
      expect(follower.entry('later')).toBeUndefined();
      expect(follower.entry('leader')).toMatchObject({ value: 'a', leaseId: lease });
      const ttl = await store.settled(store.other.leaseTtl(lease, limitMs));
      expect(ttl).toMatchObject({ ok: true, value: { kind: 'alive', grantedS: 3 } });
      await store.until(() => follower.entry('leader') === undefined, 6_000);
    });
  });
}
