import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

interface Started {
  readonly directory: string;
  readonly hidden: readonly number[];
  readonly found: readonly number[];
}

const goneLimitMs = 15_000;

const ways: readonly (readonly [says: string, way: string, signal: NodeJS.Signals | null, code: number | null])[] = [
  ['stops it', 'stop', null, 0],
  ['is killed with SIGKILL', 'wait', 'SIGKILL', null],
  ['gets SIGTERM', 'wait', 'SIGTERM', 143],
  ['gets SIGINT', 'wait', 'SIGINT', 130],
  ['throws', 'throw', null, 1],
  ['exits in the middle', 'exit', null, 5],
];

test.for(ways)('nothing is left of a rig whose process %s', async ([, way, signal, code]) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'child-rig.ts'), way], {
    stdio: ['ignore', 'pipe', way === 'throw' ? 'ignore' : 'inherit'],
  });
  const ended = once(child, 'exit');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { directory, hidden, found } = JSON.parse(line) as Started;
  expect(hidden).toHaveLength(2);
  expect(found.length).toBeGreaterThanOrEqual(3);
  if (signal !== null) child.kill(signal);
  expect((await ended)[0]).toBe(code);
  await until(
    () => found.every((pid) => !isRunning(pid)) && !existsSync(directory),
    () => JSON.stringify({ running: found.filter(isRunning), directory: existsSync(directory) }),
  );
});

/** A zombie has ended. */
function isRunning(pid: number): boolean {
  try {
    return !/^.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function until(fact: () => boolean, now: () => string): Promise<void> {
  const deadline = performance.now() + goneLimitMs;
  while (!fact()) {
    if (performance.now() > deadline) throw new Error(`left after ${goneLimitMs} ms: ${now()}`);
    await sleep(20);
  }
}
