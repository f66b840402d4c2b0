import { deepEqual, equal, rejects } from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Etcd3 } from 'etcd3';
import { test } from 'vitest';
import { keepRenewals } from '../../src/adapters/etcd/renewals.ts';
import { leaseId } from '../../src/core/units.ts';
import { VirtualClock } from '../sim/clock/virtual-clock.ts';

const mine = leaseId('7');

class FakeStream extends EventEmitter {
  readonly asked: string[] = [];
  closed = false;
  write({ ID }: { readonly ID: string }): void {
    this.asked.push(ID);
  }
  end(): void {
    this.closed = true;
  }
  cancel(): void {
    this.closed = true;
  }
  answer(TTL: number, ID = '7'): void {
    this.emit('data', { ID, TTL: String(TTL) });
  }
}

function anEndpoint() {
  const streams: FakeStream[] = [];
  const clock = new VirtualClock();
  const leaseKeepAlive = async () => {
    const stream = new FakeStream();
    streams.push(stream);
    return stream;
  };
  const renewals = keepRenewals({ leaseClient: { leaseKeepAlive } } as unknown as Etcd3, clock);
  return { renewals, streams, clock };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('renewals go over one stream, and are answered in the order in which they were asked', async () => {
  const { renewals, streams } = anEndpoint();
  const answers = [renewals.renew(mine, 1_000), renewals.renew(mine, 1_000)];
  await turn();
  deepEqual(streams[0]?.asked, ['7', '7'], 'also what was asked before it was there');
  streams[0]?.answer(5);
  streams[0]?.answer(0);
  deepEqual(await Promise.all(answers), [5, 0]);
  equal(streams.length, 1);
});

test("a late answer is nobody's: the stream is given up, but what was asked on it in time is still answered", async () => {
  const { renewals, streams, clock } = anEndpoint();
  const late = renewals.renew(mine, 1_000);
  await turn();
  await clock.runFor(600);
  const behind = renewals.renew(mine, 1_000);
  const refused = rejects(late, /no answer within 1000 ms/);
  await clock.runFor(500);
  await refused;
  const fresh = renewals.renew(mine, 1_000);
  await turn();
  deepEqual(
    streams.map(({ asked }) => asked.length),
    [2, 1],
  );
  streams[0]?.answer(5);
  equal(streams[0]?.closed, false);
  streams[0]?.answer(4);
  equal(await behind, 4, 'not the answer that was late');
  equal(streams[0]?.closed, true);
  streams[1]?.answer(3);
  equal(await fresh, 3);
});

test('a stream that nobody waits for any more is closed', async () => {
  const { renewals, streams, clock } = anEndpoint();
  const late = rejects(renewals.renew(mine, 1_000), /no answer/);
  await turn();
  await clock.runFor(1_100);
  await late;
  equal(streams[0]?.closed, true);
});

test('when a stream breaks, whatever was asked on it fails, and the next renewal opens another', async () => {
  const { renewals, streams } = anEndpoint();
  const asked = [renewals.renew(mine, 1_000), renewals.renew(mine, 1_000)].map((each) => rejects(each, /reset/));
  await turn();
  streams[0]?.emit('error', new Error('reset'));
  await Promise.all(asked);
  const again = renewals.renew(mine, 1_000);
  await turn();
  streams[1]?.answer(5);
  equal(await again, 5);
});

test('an answer for another lease ends the stream: whose answers follow is not known', async () => {
  const { renewals, streams } = anEndpoint();
  const asked = [renewals.renew(mine, 1_000), renewals.renew(mine, 1_000)].map((each) => rejects(each, /lease 8/));
  await turn();
  streams[0]?.answer(5, '8');
  await Promise.all(asked);
  equal(streams[0]?.closed, true);
});

test('closing fails what is under way', async () => {
  const { renewals, streams } = anEndpoint();
  const asked = rejects(renewals.renew(mine, 1_000), /closed/);
  await turn();
  renewals.close();
  await asked;
  equal(streams[0]?.closed, true);
});
