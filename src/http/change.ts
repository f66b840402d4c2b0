/** A change that was posted: on the unix socket only, bounded, checked against its shape. */
import type { Context } from 'hono';
import type { z } from 'zod';
import { KiB } from '../core/units.ts';
import type { SubmitOutcome } from '../ports/daemon-face.ts';
import { readJson } from '../wire/json-text.ts';
import { bodyText } from './body-text.ts';
import { problem } from './route.ts';

const bodyBytesMax = 16 * KiB;

/** 202: taken, not done. 412 is Patroni's for an impossible switchover. */
const statusOfOutcome: Readonly<Record<SubmitOutcome['kind'], 202 | 412 | 504>> = {
  accepted: 202,
  refused: 412,
  unknown: 504,
};

/** Handed to the daemon; what it says of it is the answer. `carryOut` may answer otherwise, like that there is no such thing. */
export async function change<T>(
  context: Context,
  changes: boolean,
  shape: z.ZodType<T>,
  example: string,
  carryOut: (draft: T) => Promise<SubmitOutcome | Response>,
): Promise<Response> {
  if (!changes)
    return problem(
      context,
      403,
      'socket-only',
      'changes are accepted on the unix socket of the host only',
      'run the command on the host of a member, without --api',
    );
  const text = await bodyText(context.req.raw, bodyBytesMax);
  if (text === null)
    return problem(context, 413, 'too-large', `the body is larger than ${bodyBytesMax} bytes`, 'send less');
  const draft = readJson(shape, text);
  if (!draft.ok) return problem(context, 400, 'bad-request', draft.error, `send ${example}`);
  const outcome = await carryOut(draft.value);
  return outcome instanceof Response ? outcome : context.json(outcome, statusOfOutcome[outcome.kind]);
}
