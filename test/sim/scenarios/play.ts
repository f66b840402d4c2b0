/** Plays one scenario, with a mistake planted or without, and says where it did not go as it must. */
import type { Rule } from '../../../src/core/rules.ts';
import { simulate, type SimResult } from '../simulate.ts';
import type { Mistakes } from '../world.ts';
import { together } from './interference.ts';
import type { Scenario } from './scenario.ts';
import { theBeginning } from './stage.ts';

export interface Played {
  readonly result: SimResult;
  /** Empty when everything went as the scenario says. */
  readonly shortcomings: readonly string[];
}

export async function play(scenario: Scenario, mistake: Mistakes = {}): Promise<Played> {
  const { mistakes: interference = {}, ...life } = scenario;
  const result = await simulate({ ...life, mistakes: together(interference, mistake) });
  return { result, shortcomings: [...shortcomings(scenario, result)] };
}

function* shortcomings({ expect }: Scenario, result: SimResult): Generator<string> {
  for (const { invariant, atMs, detail } of result.violations) yield `${invariant} at ${Math.round(atMs)}: ${detail}`;
  const [first, last] = [result.acknowledgedBy[0], result.acknowledgedBy.at(-1)];
  if (expect.leader !== 'either' && (first === last) !== (expect.leader === 'stays'))
    yield `${first} led first and ${last} leads in the end; the leader ${expect.leader}`;
  if (expect.promotions !== null && result.promotions !== expect.promotions)
    yield `${result.promotions} promotions, ${expect.promotions} were expected`;
  if (result.outageMs > expect.outageMsMax)
    yield `${Math.round(result.outageMs)} ms without a commit, at most ${expect.outageMsMax} were expected`;
  const begun = result.events.findIndex((event) => event.endsWith(theBeginning));
  const fired = (rule: Rule) => result.events.some((event, at) => at > begun && event.includes(` ${rule}: `));
  for (const rule of expect.rules) if (!fired(rule)) yield `${rule} did not fire`;
  for (const rule of expect.never) if (fired(rule)) yield `${rule} fired`;
}
