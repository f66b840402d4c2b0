import { expect, test } from 'vitest';
import type { Hold } from '../../src/core/view.ts';
import { writeUnlessHeld } from '../../src/daemon/held-coordinator.ts';
import { FakeEtcd } from '../sim/etcd/fake-etcd.ts';
import { Random } from '../sim/clock/random.ts';
import { VirtualClock } from '../sim/clock/virtual-clock.ts';

test('a member that holds automation because etcd lost its past writes nothing, whoever asks', async () => {
  const clock = new VirtualClock();
  const etcd = new FakeEtcd({ clock, random: new Random(1) });
  let held: readonly Hold[] = [];
  const coordinator = writeUnlessHeld(etcd.coordinatorFor('a'), () => held);
  const put = (value: string) =>
    coordinator.commit({ compares: [], writes: [{ op: 'put', key: 'incidents/1', value }] }, 500);

  const before = put('before');
  await clock.runFor(600);
  expect((await before).kind).toBe('applied');

  held = [{ code: 'etcd-replaced', reason: 'another cluster id' }];
  expect(await put('during')).toEqual({
    kind: 'failed',
    problem: 'nothing is written while automation is held: another cluster id',
  });
  expect(etcd.get('incidents/1')?.value).toBe('before');
});
