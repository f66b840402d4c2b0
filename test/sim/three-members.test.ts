/** A third member changes who is waited for, who is ranked first, and whom a returning member follows. */
import { expect, test } from 'vitest';
import { planned } from './faults/plan.ts';
import { simulate } from './simulate.ts';

test.each(['available', 'strict', 'off'] as const)(
  'no invariant is violated with three members, and all of them are whole again (mode %s, five seeds)',
  async (mode) => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const { violations, events } = await simulate({ seed, mode, members: 3, durationMs: 30_000 });
      expect(violations, `seed ${seed}\n${events.slice(-40).join('\n')}`).toEqual([]);
    }
  },
);

test('two failures in a row are survived: the third member leads, with every acknowledged commit', async () => {
  const result = await simulate({
    seed: 3,
    mode: 'available',
    members: 3,
    durationMs: 30_000,
    faults: () =>
      [1_000, 9_000].map((atMs) =>
        planned({ kind: 'power-off', atMs, forMs: 25_000 - atMs, on: { primaryOr: 'a' }, seed: 1, strength: 1 }),
      ),
  });
  expect(result.violations, result.events.slice(-60).join('\n')).toEqual([]);
  expect(new Set(result.acknowledgedBy).size).toBe(3);
});
