import type { Decision, Intent } from './decision.ts';
import type { Rule } from './rules.ts';

/** A decision: the rule that fired, one sentence why, and what to do. */
export const because = (rule: Rule, sentence: string, ...intents: readonly Intent[]): Decision => ({
  rule,
  because: sentence,
  intents,
});
