import { cpSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { createCoordinator } from '../../src/adapters/etcd/create-coordinator.ts';
import { createLeaseStore } from '../../src/adapters/etcd/lease-store.ts';
import { FakeEtcd } from '../sim/etcd/fake-etcd.ts';
import type { SavedStore } from '../sim/etcd/fake-etcd-store.ts';
import { Random } from '../sim/clock/random.ts';
import { VirtualClock } from '../sim/clock/virtual-clock.ts';
import { realClock, until } from '../support/real-clock.ts';
import { type RealEtcd, startEtcd } from '../support/real-etcd.ts';
import { coordinatorContract } from './coordinator.contract.ts';
import { leaseStoreContract } from './lease-store.contract.ts';
import { pastContract } from './past.contract.ts';
import type { StoreUnderTest } from './store-under-test.ts';

async function aFakeStore(): Promise<StoreUnderTest> {
  const clock = new VirtualClock();
  const etcd = new FakeEtcd({ clock, random: new Random(42) });
  let copy: SavedStore | null = null;
  return {
    coordinator: etcd.coordinatorFor('a'),
    other: etcd.coordinatorFor('b'),
    leases: etcd.leaseStoreFor('a'),
    clock,
    settled: async (promise) => {
      let open = true;
      const close = () => {
        open = false;
      };
      promise.then(close, close);
      await clock.runUntilFact(() => !open, 60_000);
      return promise;
    },
    until: (fact, limitMs) => clock.runUntilFact(fact, limitMs),
    stop: async () => etcd.stop(),
    start: async () => etcd.start(),
    compact: async () => etcd.compact(),
    backUp: async () => {
      copy = etcd.store.save();
    },
    restore: async () => {
      if (copy !== null) etcd.restore(copy);
    },
    [Symbol.asyncDispose]: async () => etcd.close(),
  };
}

let etcd: RealEtcd;
let clusters = 0;
beforeAll(async () => {
  etcd = await startEtcd({ members: 1 });
});
afterAll(() => etcd.stop());

const copyOf = ({ directory }: RealEtcd): string => join(directory, 'copy');

async function compactAll(endpoint: string): Promise<void> {
  const ask = async (path: string, body: object): Promise<Response> => {
    const answer = await fetch(`${endpoint}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer;
  };
  const { header } = (await (await ask('range', { key: 'AA==' })).json()) as { header: { revision: string } };
  await ask('compaction', { revision: header.revision });
}

async function aRealStore(): Promise<StoreUnderTest> {
  clusters += 1;
  const options = { endpoints: etcd.endpoints, namespace: '/service', cluster: `domain-${clusters}`, clock: realClock };
  const coordinator = createCoordinator(options);
  const other = createCoordinator(options);
  const leases = createLeaseStore(options);
  return {
    coordinator,
    other,
    leases,
    clock: realClock,
    settled: (promise) => promise,
    until,
    stop: () => etcd.kill(0),
    start: () => etcd.restart(0),
    compact: () => compactAll(etcd.endpoints[0] ?? ''),
    backUp: () =>
      etcd.startAgain(() => cpSync(etcd.dataDirectory(0), copyOf(etcd), { recursive: true, force: true }), false),
    restore: () =>
      etcd.startAgain(() => {
        rmSync(etcd.dataDirectory(0), { recursive: true });
        renameSync(copyOf(etcd), etcd.dataDirectory(0));
      }, false),
    [Symbol.asyncDispose]: async () => {
      for (const client of [coordinator, other, leases]) client.close();
    },
  };
}

for (const contract of [coordinatorContract, leaseStoreContract, pastContract]) {
  contract('the simulator’s etcd', aFakeStore);
  contract('a real etcd', aRealStore);
}
