/** Whatever the seeds think of, in all modes, on all cores. `npm run simulate` lives longer lives, and more of them. */
import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { type Life, type Lived, modeOf, replayOf } from './run/life.ts';
import { runLives } from './run/lives.ts';

const seeds = 500;
const seconds = 30;

const said = ({ life, violations, events }: Lived) =>
  [...events, ...violations.map(({ invariant, detail }) => `${invariant}: ${detail}`), replayOf(life)].join('\n');

test(`no invariant is violated, and the cluster is whole again after its faults (${seeds} seeds)`, async () => {
  const lives = Array.from({ length: seeds }, (_, at): Life => {
    const seed = at + 1;
    return { seed, mode: modeOf(seed, null), members: 2, seconds };
  });
  const { lived, failed } = await runLives(lives, {
    processes: availableParallelism(),
    eventsMax: 40,
    lifeLimitMs: 120_000,
    signal: new AbortController().signal,
    onLived: () => undefined,
  });
  expect(failed).toEqual([]);
  expect(lived).toHaveLength(seeds);
  expect(lived.filter(({ violations }) => violations.length > 0).map(said)).toEqual([]);
}, 900_000);
