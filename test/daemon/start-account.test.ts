/** Which starts of a standby count as failed one after the other. */
import { expect, test } from 'vitest';
import { monoMs } from '../../src/core/units.ts';
import { StartAccount } from '../../src/daemon/start-account.ts';

const ran = (startedAs: 'primary' | 'standby') =>
  ({ kind: 'running', pid: 1, startedMono: monoMs(0), startedAs }) as const;

test('runs that end by themselves, and starts that fail, are counted together', () => {
  const starts = new StartAccount();
  starts.runEnded(ran('standby'), monoMs(1_000));
  starts.startFailed(monoMs(1_100), monoMs(1_200), 'EROFS');
  expect(starts.failed).toEqual({ count: 2, atMono: 1_200, problem: 'EROFS' });
});

test('a start that fails because what it started has ended is one failure', () => {
  const starts = new StartAccount();
  starts.runEnded({ kind: 'none', lastExit: null }, monoMs(1_150));
  starts.startFailed(monoMs(1_100), monoMs(1_200), 'postgres ended at once');
  expect(starts.failed?.count).toBe(1);
});

test('the end of a primary is for others to count', () => {
  const starts = new StartAccount();
  starts.runEnded(ran('primary'), monoMs(1_000));
  expect(starts.failed).toBeNull();
});

test('one that stayed up for a while begins the count anew', () => {
  const starts = new StartAccount();
  for (const at of [1_000, 1_100, 2_000]) starts.runEnded(ran('standby'), monoMs(at));
  expect(starts.failed?.count).toBe(3);
  starts.runEnded(ran('standby'), monoMs(14_000));
  expect(starts.failed?.count).toBe(1);
});
