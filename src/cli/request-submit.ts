/** Hands one request to the daemon, once: an answer that got lost is never made up for by sending it again. */
import { z } from 'zod';
import { err, ok, type Result } from '../core/result.ts';
import { failureOfAnswer, failureOfTrouble, read } from './ask.ts';
import { type Failure, refused, unknownOutcome } from './failure.ts';
import type { VerbContext } from './verb.ts';

const outcomeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('accepted'), id: z.string() }),
  z.object({ kind: z.literal('refused'), condition: z.string(), problem: z.string() }),
  z.object({ kind: z.literal('unknown'), problem: z.string() }),
]);

export const howToFindOut =
  'Find out before you repeat it: `baton status` shows who leads and in which term, `baton history` the promotions.';

export const submitRequest = (context: VerbContext, draft: unknown): ReturnType<typeof postChange> =>
  postChange(context, '/v1/requests', draft);

/** What the person does next: when nothing was changed, and when nobody knows. */
export interface ChangeHints {
  readonly lookAgain: string;
  readonly findOut: string;
}

const hintsOfRequests: ChangeHints = {
  lookAgain: 'Nothing was changed. Look again with `baton status` or `baton explain`.',
  findOut: howToFindOut,
};

export async function postChange(
  context: VerbContext,
  path: `/v1/${string}`,
  draft: unknown,
  { lookAgain, findOut }: ChangeHints = hintsOfRequests,
): Promise<Result<{ readonly id: string }, Failure>> {
  const answer = await context.api.post(path, draft, context.askLimitMs, context.signal);
  if (!answer.ok) {
    const trouble = answer.error;
    if (trouble.kind === 'unreachable') return err(failureOfTrouble(trouble));
    return err(unknownOutcome(`The request was sent and may have been taken. ${trouble.problem}.`, findOut));
  }
  const isOutcome = outcomeSchema.safeParse(answer.value.body).success;
  if (!isOutcome && answer.value.status >= 400) return err(failureOfAnswer(answer.value, context.api.where));
  const outcome = read(answer.value, outcomeSchema, context.api.where);
  if (!outcome.ok) return err(unknownOutcome(outcome.error.problem, findOut));
  switch (outcome.value.kind) {
    case 'accepted':
      return ok({ id: outcome.value.id });
    case 'refused':
      return err(refused(outcome.value.condition, outcome.value.problem, lookAgain));
    case 'unknown':
      return err(unknownOutcome(outcome.value.problem, findOut));
  }
}
