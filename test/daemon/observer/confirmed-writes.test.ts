/** A commit that failed counts once etcd has answered after it; else the fault may be the observer's own. */
import { expect, test } from 'vitest';
import { memberName, monoMs, wallMs } from '../../../src/core/units.ts';
import { ConfirmedWrites } from '../../../src/daemon/observer/confirmed-writes.ts';
import { aState } from '../../core/a-view.ts';

const target = { member: memberName('a'), by: 'observer', host: 'a', port: 5432 } as const;
const cluster = aState();

function aQueue() {
  const believed: string[] = [];
  const queue = new ConfirmedWrites(({ write }) =>
    believed.push(`${write.answer.ok ? 'ok' : 'failed'} ${write.atMono}`),
  );
  const saw = (ok: boolean, at: number) => {
    const answer = {
      ok,
      sentMono: monoMs(at - 1),
      ...(ok ? { ackedMono: monoMs(at) } : { problem: 'no', outcome: 'refused' }),
    };
    queue.saw({ write: { target, answer: answer as never, atMono: monoMs(at), wall: wallMs(at) }, cluster });
  };
  queue.etcdAnswered(monoMs(0), monoMs(0));
  return { queue, believed, saw };
}

test('what was acknowledged is believed at once', () => {
  const { believed, saw } = aQueue();
  saw(true, 1);
  expect(believed).toEqual(['ok 1']);
});

test('what failed is believed once etcd was asked later and answered; everything keeps its order', () => {
  const { queue, believed, saw } = aQueue();
  saw(false, 10);
  saw(false, 30);
  saw(true, 40);
  queue.etcdAnswered(monoMs(9), monoMs(9));
  expect(believed).toEqual([]);
  queue.etcdAnswered(monoMs(20), monoMs(20));
  expect(believed).toEqual(['failed 10']);
  queue.etcdAnswered(monoMs(30), monoMs(30));
  expect(believed).toEqual(['failed 10', 'failed 30', 'ok 40']);
});

test('what failed while etcd does not answer is nobody’s outage, and what was acknowledged stays a fact', () => {
  const { queue, believed, saw } = aQueue();
  saw(false, 10);
  saw(true, 20);
  saw(false, 30);
  queue.etcdUnreachable();
  queue.etcdAnswered(monoMs(100), monoMs(100));
  expect(believed).toEqual(['ok 20']);
});

test('an outage that outlasts every answer of etcd does not fill the memory', () => {
  const { queue, believed, saw } = aQueue();
  for (let at = 1; at <= 5_000; at += 1) saw(false, at);
  queue.etcdAnswered(monoMs(10_000), monoMs(10_000));
  expect(believed).toHaveLength(1_000);
  expect(believed.at(-1)).toBe('failed 5000');
});

test('what was sent while etcd did not answer counts neither when it answers again', () => {
  const { queue, believed, saw } = aQueue();
  queue.etcdUnreachable();
  saw(false, 100);
  queue.etcdAnswered(monoMs(150), monoMs(160));
  saw(false, 160);
  saw(false, 170);
  queue.etcdAnswered(monoMs(200), monoMs(200));
  expect(believed).toEqual(['failed 170']);
});
