/** The shrinker, on a planted mistake: clients are let in before a commit was seen to wait (I8). */
import { expect, test } from 'vitest';
import { ok } from '../../../src/core/result.ts';
import { planned } from '../faults/plan.ts';
import { type SimOptions, simulate } from '../simulate.ts';
import type { Mistakes } from '../world.ts';
import { scenarioText, shrink } from './shrink.ts';

const admitsAtOnce: Mistakes = {
  postgres: (right) => ({
    ...right,
    preparePrimary: (waits) => right.preparePrimary(waits, 'everybody'),
    admit: async () => ok(undefined),
  }),
};

const lifeOf = (seed: number): SimOptions => ({
  seed,
  mode: 'strict',
  load: 'busy',
  durationMs: 20_000,
  faults: ['pause', 'wall-jump', 'etcd-election', 'slow-link'],
  mistakes: admitsAtOnce,
});

/** The first life that fails because of its faults, and not before they begin. */
async function aFailingLife(faultsMin: number): Promise<SimOptions> {
  for (let seed = 1; seed <= 60; seed += 1) {
    const { violations, plan } = await simulate(lifeOf(seed));
    if (violations.length > 0 && plan.length >= faultsMin) return lifeOf(seed);
  }
  throw new Error('the planted mistake shows in none of sixty lives');
}

test('what is left of a failing life is shorter and violates the same invariant, and can be pasted', async () => {
  const failing = await aFailingLife(3);
  const original = await simulate(failing);
  const shrunk = await shrink(failing, 50);
  if (shrunk === null) throw new Error('it violates something');
  const { plan, ...life } = shrunk.life;
  expect(plan.length).toBeLessThan(original.plan.length);

  const again = await simulate({ ...life, faults: () => plan.map(planned) });
  expect(again.violations[0]?.invariant).toBe(original.violations[0]?.invariant);
  const text = scenarioText('admitted at once', shrunk);
  for (const { kind } of plan) expect(text).toContain(`{ kind: '${kind}', atMs: `);
});

test('a life that violates nothing is not shrunk', async () => {
  expect(await shrink({ seed: 4, mode: 'off', durationMs: 2_000, faults: ['etcd-election'] })).toBeNull();
});
