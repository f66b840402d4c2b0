/** Fresh connections beside one another: when nobody new counts as served, since when, and what ends that. */
import { describe, expect, test } from 'vitest';
import { monoMs } from '../../src/core/units.ts';
import type { ProbeOutcome } from '../../src/core/view.ts';
import { LocalProbes } from '../../src/daemon/local-probes.ts';
import { VirtualClock } from '../sim/clock/virtual-clock.ts';

const deadlineMs = 300;
const patienceMs = 1_500;
const pauseMs = 50;

interface Told {
  readonly outcome: ProbeOutcome;
  readonly sinceMs: number;
  readonly atMs: number;
}

/** `answers`: after how long each attempt in its turn is answered, and how; the last one goes for all that follow. */
function begun(answers: readonly (readonly [afterMs: number, outcome: ProbeOutcome])[]) {
  const clock = new VirtualClock();
  const startMono = clock.mono();
  const told: Told[] = [];
  let run: string | null = 'run-1';
  let [asked, underWay, most] = [0, 0, 0];
  const probes = new LocalProbes({
    clock,
    run: () => run,
    saw: (outcome, sinceMono) => told.push({ outcome, sinceMs: sinceMono - startMono, atMs: clock.mono() - startMono }),
    probe: async (limitMs) => {
      const [afterMs, outcome] = answers[Math.min(asked, answers.length - 1)] ?? [0, 'ok'];
      asked += 1;
      underWay += 1;
      most = Math.max(most, underWay);
      await clock.sleep(Math.min(afterMs, limitMs));
      underWay -= 1;
      return afterMs >= limitMs ? { outcome: 'timed-out', problem: 'no answer' } : { outcome, problem: null };
    },
  });
  void (async () => {
    for (;;) {
      await probes.attempt(deadlineMs, patienceMs);
      await clock.sleep(pauseMs);
    }
  })();
  return {
    told,
    most: () => most,
    restarts: () => {
      run = 'run-2';
    },
    until: (ms: number) => clock.runUntil(monoMs(startMono + ms)),
  };
}

const never = [Number.POSITIVE_INFINITY, 'ok'] as const;

describe('fresh connections to the own server', () => {
  test('one that is answered in time is told once', async () => {
    const life = begun([[20, 'ok'], never]);
    await life.until(60);
    expect(life.told).toEqual([{ outcome: 'ok', sinceMs: 20, atMs: 20 }]);
  });

  test('one that is overdue is told then, with when it was sent', async () => {
    const life = begun([never]);
    await life.until(310);
    expect(life.told).toEqual([{ outcome: 'timed-out', sinceMs: 0, atMs: 300 }]);
  });

  test('where each takes 700 ms, the first of them to be answered shows that somebody new is served', async () => {
    const life = begun([[700, 'ok']]);
    await life.until(720);
    expect(life.told).toEqual([
      { outcome: 'timed-out', sinceMs: 0, atMs: 300 },
      { outcome: 'timed-out', sinceMs: 350, atMs: 650 },
      { outcome: 'ok', sinceMs: 700, atMs: 700 },
    ]);
  });

  test('nobody has been failed since before somebody was served', async () => {
    const life = begun([[340, 'ok'], never]);
    await life.until(700);
    expect(life.told).toEqual([
      { outcome: 'timed-out', sinceMs: 0, atMs: 300 },
      { outcome: 'ok', sinceMs: 340, atMs: 340 },
      { outcome: 'timed-out', sinceMs: 350, atMs: 650 },
    ]);
    const overtaken = begun([[600, 'ok'], never]);
    await overtaken.until(1_000);
    expect(overtaken.told.filter(({ atMs }) => atMs >= 600)).toEqual([
      { outcome: 'ok', sinceMs: 600, atMs: 600 },
      { outcome: 'timed-out', sinceMs: 600, atMs: 650 },
      { outcome: 'timed-out', sinceMs: 700, atMs: 1_000 },
    ]);
  });

  test('one that is refused is told at once', async () => {
    const life = begun([[1, 'refused']]);
    await life.until(10);
    expect(life.told).toEqual([{ outcome: 'refused', sinceMs: 0, atMs: 1 }]);
  });

  test('what was asked of an earlier run of the server says nothing about this one', async () => {
    const life = begun([[700, 'ok']]);
    await life.until(340);
    life.restarts();
    await life.until(1_000);
    expect(life.told.filter(({ atMs }) => atMs > 340)).toEqual([
      { outcome: 'timed-out', sinceMs: 350, atMs: 650 },
      { outcome: 'timed-out', sinceMs: 700, atMs: 1_000 },
    ]);
    await life.until(1_060);
    expect(life.told.at(-1)).toEqual({ outcome: 'ok', sinceMs: 1_050, atMs: 1_050 });
  });

  test('a few are under way at once, however long nobody is served', async () => {
    const life = begun([never]);
    await life.until(60_000);
    expect(life.most()).toBe(5);
  });
});
