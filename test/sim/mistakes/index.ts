/** Every known mistake by its name. */
import { claimMistakes } from './claims.ts';
import type { Mistake } from './mistake.ts';
import { servingMistakes } from './serving.ts';
import { timeMistakes } from './time.ts';
import { waitMistakes } from './waits.ts';

export const knownMistakes: Readonly<Record<string, Mistake>> = {
  ...claimMistakes,
  ...waitMistakes,
  ...timeMistakes,
  ...servingMistakes,
};
