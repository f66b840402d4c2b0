import { expect, test } from 'vitest';
import { err, ok } from '../../src/core/result.ts';
import { unreachable } from '../../src/cli/failure.ts';
import type { VerbContext } from '../../src/cli/verb.ts';
import { watch } from '../../src/cli/watch.ts';
import { realClock } from '../support/real-clock.ts';
import { FakeTerminal } from './fake-terminal.ts';

test('a watch shows a failure and goes on until it is interrupted', async () => {
  const terminal = new FakeTerminal();
  const stop = new AbortController();
  const context: VerbContext = {
    api: {
      where: 'nowhere',
      get: () => Promise.reject(new Error('not asked')),
      post: () => Promise.reject(new Error('not asked')),
    },
    etcd: null,
    terminal,
    clock: realClock,
    signal: stop.signal,
    askLimitMs: 1_000,
  };
  let round = 0;
  const exit = await watch(context, 10, false, async () => {
    round += 1;
    if (round === 3) stop.abort();
    return round === 1 ? err(unreachable('No daemon answers.', 'Start it.')) : ok({ json: {}, text: 'slough-a leads' });
  });
  expect(exit).toBe(0);
  expect(terminal.stderr).toContain('No daemon answers.');
  expect(terminal.stdout).toContain('slough-a leads');
  expect(round).toBe(3);
});
