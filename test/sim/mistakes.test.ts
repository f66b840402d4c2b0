/** The simulator sees what it is there to see: each known mistake, planted in a copy of the product, comes to light. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import type { Answer } from './mistakes/catcher-worker.ts';
import { knownMistakes } from './mistakes/index.ts';
import { scenarios } from './scenarios/index.ts';
import { slowCommits } from './mistakes/wrong-ports.ts';
import { simulate } from './simulate.ts';

describe('a planted mistake is caught', () => {
  const catcher = new Worker(new URL('./mistakes/catcher-worker.ts', import.meta.url));
  afterAll(() => catcher.terminate());

  test.each(Object.entries(knownMistakes).map(([name, mistake]) => [name, mistake.says, mistake] as const))(
    '%s: %s',
    async (name, _says, { drops, shows }) => {
      catcher.postMessage(name);
      const [answer] = (await once(catcher, 'message')) as [Answer];
      if (!answer.ok) throw new Error(answer.problem);
      expect(answer.caught, `nothing showed ${shows} (${drops})`).not.toBeNull();
      process.stdout.write(`${name} (${drops}): ${answer.caught?.by}: ${answer.caught?.shows}\n`);
    },
  );
});

test('a scenario that is aimed at a mistake exists, and goes as it says without it', () => {
  const aimed = Object.values(knownMistakes).flatMap(({ caughtBy }) =>
    typeof caughtBy === 'string' ? [caughtBy] : [],
  );
  expect(aimed.filter((name) => scenarios[name] === undefined)).toEqual([]);
});

test('slow transactions alone break nothing', async () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const result = await simulate({ seed, mode: 'available', mistakes: slowCommits, durationMs: 30_000 });
    expect(result.violations, result.events.slice(-40).join('\n')).toEqual([]);
  }
});
