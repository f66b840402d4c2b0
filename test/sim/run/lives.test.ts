/** Many lives on many processes: none is lost in silence. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Life } from './life.ts';
import { type RunOptions, runLives } from './lives.ts';
import { readOptions } from './options.ts';
import { summaryOf } from './summary.ts';

const life = (seed: number): Life => ({ seed, mode: 'available', members: 2, seconds: 1 });

const options: RunOptions = {
  processes: 2,
  eventsMax: 10,
  onLived: () => undefined,
  signal: new AbortController().signal,
  lifeLimitMs: 30_000,
};
const dying = fileURLToPath(new URL('child-dying.ts', import.meta.url));

test('a process that dies and a life that does not end are failures, and all other lives are lived', async () => {
  const run = await runLives([1, 2, 3, 4, 5].map(life), { ...options, lifeLimitMs: 1_500, entry: dying });
  expect(run.lived.map((each) => each.life.seed).sort()).toEqual([1, 4, 5]);
  expect(new Map(run.failed.map((each) => [each.life.seed, each.problem]))).toEqual(
    new Map([
      [2, expect.stringContaining('exit code 3')],
      [3, expect.stringContaining('not over after 1500 ms')],
    ]),
  );
  const summary = summaryOf(run, 1_000, 2);
  expect(summary).toContain('FAILED npm run simulate -- --seed 2 --mode available');
});

test('lives are lived by processes of their own, and their processor time is counted', async () => {
  const run = await runLives([life(1), life(2)], options);
  expect(run.failed).toEqual([]);
  expect(run.lived).toHaveLength(2);
  expect(run.lived[0]?.acknowledged).toBeGreaterThan(0);
  expect(run.cpuMicros).toBeGreaterThan(0);
});

test('a run that is ended keeps what was lived by then, and leaves no process', async () => {
  const ended = new AbortController();
  const run = await runLives(
    (function* () {
      for (let seed = 4; ; seed += 1) yield life(seed);
    })(),
    {
      ...options,
      entry: dying,
      signal: ended.signal,
      onLived: ({ life: { seed } }) => {
        if (seed === 20) ended.abort();
      },
    },
  );
  expect(run.lived.length).toBeGreaterThanOrEqual(16);
  expect(run.failed).toEqual([]);
});

describe('options', () => {
  test('each seed has a mode of its own unless one is asked for', () => {
    const read = readOptions(['--seeds', '9', '--from', '7'], 2);
    expect(read).toMatchObject({ ok: true, value: { seeds: 9, firstSeed: 7, mode: null, seconds: 120, processes: 2 } });
  });

  test.each([
    [['--mode', 'fast'], '--mode fast: one of available, strict, off is wanted'],
    [['--seeds', '0'], '--seeds 0: a whole number from 1 is wanted'],
    [['--seeds', '1e3'], '--seeds 1e3: a whole number from 1 is wanted'],
    [['--members', '4'], '--members 4: one of 2, 3 is wanted'],
    [['--journal', 'x'], '--journal is of one life: --seed N or --scenario NAME is wanted too'],
    [['--shrink'], '--shrink is of one life: --seed N is wanted too'],
  ])('%j makes no sense', (args, error) => {
    expect(readOptions(args, 2)).toEqual({ ok: false, error });
  });

  test('an option that does not exist is refused', () => {
    expect(readOptions(['--sead', '1'], 2).ok).toBe(false);
  });
});
