/** A transaction goes to the etcd that it was decided on: what the mirror shows was confirmed lately, or is asked for first. */
import { expect, test } from 'vitest';
import { coordinateOver } from '../../src/adapters/etcd/coordinator.ts';
import { type EtcdEndpoint, EtcdFailure } from '../../src/adapters/etcd/endpoint.ts';
import { monoMs, type Ms } from '../../src/core/units.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { VirtualClock } from '../sim/clock/virtual-clock.ts';
import { FakeEtcdStore } from '../sim/etcd/fake-etcd-store.ts';

const txn = { compares: [], writes: [{ op: 'put' as const, key: 'leader', value: 'b' }] };

/** A member that has read etcd, and has not looked at it any more since. */
async function aMember() {
  let readsTakeMs: Ms = 1;
  const clock = new VirtualClock();
  let suspendedMs = 0;
  const hostClock: Clock = {
    mono: () => clock.mono(),
    boot: () => monoMs(clock.boot() + suspendedMs),
    wall: () => clock.wall(),
    sleep: (durationMs, signal) => clock.sleep(durationMs, signal),
    timer: (durationMs, action) => clock.timer(durationMs, action),
    timeout: (limitMs) => clock.timeout(limitMs),
  };
  let store = new FakeEtcdStore('c1');
  const asked: string[] = [];
  const call = async <T>(name: 'read' | 'txn', limitMs: Ms, answer: () => T): Promise<T> => {
    asked.push(name);
    const lastsMs = name === 'read' ? readsTakeMs : 1;
    await clock.sleep(Math.min(limitMs, lastsMs));
    if (lastsMs > limitMs) throw new EtcdFailure('ambiguous', 'no answer');
    return answer();
  };
  const endpoint: EtcdEndpoint = {
    name: 'e1',
    read: (since, limitMs) => call('read', limitMs, () => store.read(since)),
    txn: (sent, since, limitMs) => call('txn', limitMs, () => store.txn(sent, since)),
    watch: () => ({ askProgress: () => {}, cancel: () => {} }),
    leaseTtl: async () => ({ kind: 'gone' }),
    grant: async () => 5,
    keepAlive: async () => 5,
    revoke: async () => undefined,
    accepts: async () => true,
    close: () => {},
  };
  const coordinator = coordinateOver([endpoint], hostClock);
  const reading = new AbortController();
  coordinator.follow(() => {}, reading.signal);
  await clock.runFor(100);
  reading.abort();
  await clock.runFor(0);
  asked.length = 0;
  return {
    clock,
    asked,
    commit: async (limitMs: Ms) => {
      const committed = coordinator.commit(txn, limitMs);
      await clock.runFor(limitMs);
      return committed;
    },
    slowReads: (takeMs: Ms) => {
      readsTakeMs = takeMs;
    },
    suspend: (forMs: Ms) => {
      suspendedMs += forMs;
    },
    restoreEtcd: () => {
      store = new FakeEtcdStore('restored');
    },
  };
}

test('a transaction of a member that has read etcd lately is sent at once', async () => {
  const { clock, asked, commit } = await aMember();
  await clock.runFor(2_000);
  expect((await commit(500)).kind).toBe('applied');
  expect(asked).toEqual(['txn']);
});

test('one that has not looked for a while asks etcd first, once', async () => {
  const { clock, asked, commit } = await aMember();
  await clock.runFor(4_000);
  expect((await commit(500)).kind).toBe('applied');
  expect((await commit(500)).kind).toBe('applied');
  expect(asked).toEqual(['read', 'txn', 'txn']);
});

test('a suspend of its machine counts', async () => {
  const { asked, commit, suspend } = await aMember();
  suspend(60_000);
  expect((await commit(500)).kind).toBe('applied');
  expect(asked).toEqual(['read', 'txn']);
});

test('nothing is sent to an etcd that was put in the place of the one that is known', async () => {
  const { clock, asked, commit, restoreEtcd } = await aMember();
  restoreEtcd();
  await clock.runFor(4_000);
  expect((await commit(500)).kind).toBe('failed');
  expect(asked).toEqual(['read']);
});

test('an etcd that answers late is not asked again and again: the next transaction has that answer, too', async () => {
  const { clock, asked, commit, slowReads } = await aMember();
  slowReads(1_500);
  await clock.runFor(4_000);
  expect(await commit(1_000)).toMatchObject({ kind: 'failed' });
  expect((await commit(1_000)).kind).toBe('applied');
  expect(asked).toEqual(['read', 'txn']);
});
