import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLeaseStore } from '../../src/adapters/etcd/lease-store.ts';
import { createSystemClock } from '../../src/adapters/system-clock.ts';
import type { LeaseId } from '../../src/core/units.ts';
import { GuardianRig, isAlive, until } from '../support/guardian-rig.ts';
import { type RealEtcd, startEtcd } from '../support/real-etcd.ts';

const clock = createSystemClock();
const entry = fileURLToPath(new URL('../support/guardian-main-entry.ts', import.meta.url));
const rules = { ttlMs: 5_000, heartbeatMs: 250, marginMs: 500 };
let etcd: RealEtcd;
beforeAll(async () => {
  etcd = await startEtcd({ members: 1 });
});
afterAll(() => etcd.stop());

/** Asks etcd itself, on a connection of the test's own. */
async function isKnown(leaseId: LeaseId): Promise<boolean> {
  const store = createLeaseStore({ endpoints: etcd.endpoints, clock });
  try {
    return await new Promise<boolean>((resolve, reject) => {
      clock.timer(3_000, () => reject(new Error('etcd says nothing of the lease')));
      store.renew(leaseId, 2_000, { renewed: () => resolve(true), gone: () => resolve(false) });
    });
  } finally {
    store.close();
  }
}

test('the guardian holds a lease in etcd, a new one goes on with it, and SIGTERM gives it back', async () => {
  await using rig = new GuardianRig(etcd.endpoints);
  const batond = rig.batond({ entry, rules });
  const child = await batond.startPrimary();
  const { lease } = batond.now();
  if (lease.kind !== 'held') throw new Error('not held');
  expect(await isKnown(lease.leaseId)).toBe(true);
  process.kill(rig.guardian().pid, 'SIGKILL');
  await batond.until((view) => !view.connected, 'the guardian is lost');
  await batond.until((view) => view.connected && view.lease.kind === 'held', 'another guardian');
  expect(isAlive(child.pid)).toBe(false);
  expect(batond.now().lease).toMatchObject({ leaseId: lease.leaseId, ttlMs: 5_000 });
  const second = rig.guardian();
  process.kill(second.pid, 'SIGTERM');
  await until(() => !isAlive(second.pid), 'it ends', 9_000);
  expect(await isKnown(lease.leaseId)).toBe(false);
}, 30_000);

test('when etcd answers no more, the leader is fenced at its deadline', async () => {
  await using rig = new GuardianRig(etcd.endpoints);
  const batond = rig.batond({ entry, rules });
  await batond.startPrimary();
  etcd.freeze(0);
  try {
    const none = await batond.untilChild('none');
    const { lease } = batond.now();
    const afterMs = lease.kind === 'held' ? (none.lastExit?.atMono ?? 0) - lease.confirmedSentMono : Number.NaN;
    expect(afterMs).toBeGreaterThanOrEqual(4_500);
    expect(afterMs).toBeLessThan(5_000);
    expect(rig.processes()).toEqual([]);
  } finally {
    etcd.thaw(0);
  }
}, 30_000);
