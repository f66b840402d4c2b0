import { describe, expect, test } from 'vitest';
import { monoMs } from '../../../src/core/units.ts';
import { VirtualClock } from './virtual-clock.ts';

describe('virtual time', () => {
  test('events fire in the order of their instants, and of their making within one', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    const at = (ms: number, name: string) => clock.timer(ms, () => fired.push(`${name}@${clock.mono()}`));
    at(30, 'c');
    at(10, 'a');
    at(20, 'b1');
    at(20, 'b2');
    at(0, 'now');
    await clock.runUntil(monoMs(100));
    expect(fired).toEqual(['now@0', 'a@10', 'b1@20', 'b2@20', 'c@30']);
    expect(clock.mono()).toBe(100);
  });

  test('a thousand events in any order fire in order', async () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    for (let index = 0; index < 1_000; index += 1) clock.timer((index * 7_919) % 997, () => fired.push(clock.mono()));
    await clock.runUntil(monoMs(997));
    expect(fired).toHaveLength(1_000);
    expect(fired).toEqual(fired.toSorted((one, two) => one - two));
  });

  test('everything that follows from an event has run before the next one', async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    const slowly = async () => {
      await clock.sleep(10);
      for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
      order.push('after fifty turns');
    };
    void slowly();
    clock.timer(10.001, () => order.push('next event'));
    await clock.runUntil(monoMs(20));
    expect(order).toEqual(['after fifty turns', 'next event']);
  });

  test('a cancelled timer never fires, and time stands still between steps', async () => {
    const clock = new VirtualClock();
    clock.timer(5, () => expect.fail('it was cancelled'))();
    expect(await clock.step()).toBe(false);
    expect(clock.mono()).toBe(0);
  });

  test('a sleep ends early with the signal’s reason, a timeout aborts with a TimeoutError', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const slept = clock.sleep(1_000, controller.signal).catch((reason: unknown) => reason);
    const timeout = clock.timeout(50);
    clock.timer(20, () => controller.abort('enough'));
    await clock.runFor(30);
    expect(await slept).toBe('enough');
    expect(timeout.aborted).toBe(false);
    await clock.runFor(30);
    expect((timeout.reason as Error).name).toBe('TimeoutError');
    await expect(clock.sleep(1, controller.signal)).rejects.toBe('enough');
  });

  test('waiting for a fact fails when it cannot become true', async () => {
    const clock = new VirtualClock();
    await expect(clock.runUntilFact(() => false, 100)).rejects.toThrow('nothing is left to happen');
    clock.timer(200, () => {});
    await expect(clock.runUntilFact(() => false, 100)).rejects.toThrow('within 100 ms');
  });
});
