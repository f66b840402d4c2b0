import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 20;

/** The first answer that is neither null nor false. Throws after `limitMs`, with what is `seen` then. */
export async function waitForFact<T>(
  what: string,
  limitMs: number,
  fact: () => T | null | false | Promise<T | null | false>,
  seen: () => string | Promise<string> = () => '',
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await fact();
    if (found !== null && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}\n${await seen()}`.trimEnd());
    await sleep(pollMs);
  }
}
