import { afterAll, expect, test } from 'vitest';
import { createSystemClock } from '../../src/adapters/system-clock.ts';

const clock = createSystemClock();
afterAll(() => clock.close());

test('a timer never fires before its time', async () => {
  for (const durationMs of [0.4, 1, 2.7, 10]) {
    const startMono = clock.mono();
    await clock.sleep(durationMs);
    expect(clock.mono() - startMono).toBeGreaterThanOrEqual(durationMs);
  }
});

test('the boot clock runs beside the monotonic one', () => {
  const before = clock.boot() - clock.mono();
  expect(Math.abs(clock.boot() - clock.mono() - before)).toBeLessThan(25);
  expect(clock.boot()).toBeGreaterThan(0);
});

test("a sleep that is aborted rejects with the signal's reason, before or during it", async () => {
  const reason = new Error('enough');
  await expect(clock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  const controller = new AbortController();
  const sleeping = clock.sleep(60_000, controller.signal);
  controller.abort(reason);
  await expect(sleeping).rejects.toBe(reason);
});

test('a timeout aborts with a TimeoutError', async () => {
  const signal = clock.timeout(5);
  await clock.sleep(20);
  expect([signal.aborted, (signal.reason as DOMException).name]).toEqual([true, 'TimeoutError']);
});

test('a timer that is called off does not fire', async () => {
  let fired = false;
  const cancel = clock.timer(5, () => {
    fired = true;
  });
  cancel();
  await clock.sleep(20);
  expect(fired).toBe(false);
});
