/** Waits for a moment that the journals name, so that a fault hits the middle of something. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rule } from '../../src/core/rules.ts';
import type { Stage } from './fault.ts';

const momentLimitMs = 30_000;

/** Ends some random milliseconds after `member` decided by one of the rules; throws when it does not. */
export async function aimAt(
  { journal, random }: Stage,
  member: string,
  rules: readonly Rule[],
  laterMs: readonly [min: number, max: number],
): Promise<void> {
  const found = await journal.find(
    (entry) => entry.member === member && rules.some((rule) => rule === entry.rule),
    momentLimitMs,
  );
  if (found === null) throw new Error(`${member} did not decide by ${rules.join(' or ')} within ${momentLimitMs} ms`);
  await sleep(random.between(...laterMs));
}
