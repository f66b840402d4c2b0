/** What Baton relies on etcd's leases for. The same sentences hold for the simulator's etcd and for a real one. */
import { describe, expect, test } from 'vitest';
import { elapsed, type MonoMs, type Ms } from '../../src/core/units.ts';
import { following, limitMs, newLease, put, type StoreUnderTest } from './store-under-test.ts';

export function leaseStoreContract(name: string, aStore: () => Promise<StoreUnderTest>): void {
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
