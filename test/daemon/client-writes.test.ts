import { expect, test } from 'vitest';
import { lsn, memberName } from '../../src/core/units.ts';
import { ClientWrites, type WriteTarget } from '../../src/daemon/client-writes.ts';
import { VirtualClock } from '../sim/clock/virtual-clock.ts';

const first: WriteTarget = { member: memberName('a'), by: 'standby', host: '10.1.0.1', port: 5432 };

test.each([
  ['another member leads', { ...first, member: memberName('c') }],
  ['the leader has come back on another host, under its old name', { ...first, host: '10.1.0.9' }],
  ['the leader listens at another port', { ...first, port: 5433 }],
  ['this member leads and measures itself', { ...first, by: 'leader' as const }],
])('commits go where the leader is from then on when %s', async (_, then) => {
  const clock = new VirtualClock();
  const ending = new AbortController();
  const asked: WriteTarget[] = [];
  let target: WriteTarget = first;
  const writes = new ClientWrites(
    {
      clock,
      peers: {
        writeProbe: async (to) => {
          asked.push(to as WriteTarget);
          const at = clock.mono();
          return { ok: true, sentMono: at, ackedMono: at, lsn: lsn(1n), flushedBy: [] };
        },
      },
      target: () => target,
      intervalMs: () => 300,
      saw: () => undefined,
    },
    ending.signal,
  );
  const running = writes.run();
  await clock.runFor(1_000);
  expect(asked.at(-1)).toEqual(first);
  target = then;
  await clock.runFor(1_000);
  expect(asked.at(-1)).toEqual(then);
  ending.abort();
  await clock.runFor(1_000);
  await running;
});
