/** `baton explain`: who leads, who could, and for who may not, which condition fails and what would mend it. */
import { ok } from '../core/result.ts';
import { ask } from './ask.ts';
import { explanationSchema } from './explanation-schema.ts';
import { renderExplanation } from './render-explain.ts';
import type { VerbContext, VerbResult } from './verb.ts';

/** No fallback to etcd: what a daemon sees and decides is in no key. */
export async function explain(context: VerbContext): VerbResult {
  const explanation = await ask(context, '/v1/explain', explanationSchema);
  if (!explanation.ok) return explanation;
  return ok({ json: explanation.value, text: renderExplanation(explanation.value, context.terminal.paint) });
}
