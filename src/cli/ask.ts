/** One question to the daemon, with its answer or a failure that a person can act on. */
import { z } from 'zod';
import { err, ok, type Result } from '../core/result.ts';
import type { ApiAnswer, ApiTrouble } from './api-client.ts';
import { failed, type Failure, refused, unreachable } from './failure.ts';
import type { VerbContext } from './verb.ts';

export async function ask<T>(context: VerbContext, path: string, schema: z.ZodType<T>): Promise<Result<T, Failure>> {
  const answer = await context.api.get(path, context.askLimitMs, context.signal);
  if (!answer.ok) return err(context.signal.aborted ? interrupted : failureOfTrouble(answer.error));
  if (answer.value.status >= 400) return err(failureOfAnswer(answer.value, context.api.where));
  return read(answer.value, schema, `${context.api.where}${path}`);
}

export function read<T>(answer: ApiAnswer, schema: z.ZodType<T>, where: string): Result<T, Failure> {
  const parsed = schema.safeParse(answer.body);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  const path = issue?.path.join('.') ?? '';
  return err(
    failed(
      'not-understood',
      `${where} answered something else than expected: ${path === '' ? '' : `${path}: `}${issue?.message ?? 'unknown'}`,
      'The daemon is probably of another version than this command: compare `baton version` on both hosts.',
    ),
  );
}

const interrupted = failed('interrupted', 'Interrupted. Nothing was changed.', 'Run it again when you like.');

/** For questions: nothing can have been changed. */
export function failureOfTrouble(trouble: ApiTrouble): Failure {
  if (trouble.kind === 'not-understood')
    return failed(
      'not-understood',
      trouble.problem,
      'Is this the address of a Baton daemon? Check --api or the configuration.',
    );
  return unreachable(
    `No daemon answers. ${trouble.problem}.`,
    "Is batond running here (`systemctl status batond`)? Or name another member's: `--api http://HOST:8008`.",
  );
}

const errorSchema = z.object({
  error: z.union([
    z.string().transform((problem) => ({ code: 'error', problem, hint: '' })),
    z.object({ code: z.string(), problem: z.string(), hint: z.string().default('') }),
  ]),
});

/** An answer with an error status, in the daemon's own words when it has any. */
export function failureOfAnswer(answer: ApiAnswer, where: string): Failure {
  const parsed = errorSchema.safeParse(answer.body);
  const error = parsed.success
    ? parsed.data.error
    : { code: `http-${answer.status}`, problem: `status ${answer.status}`, hint: '' };
  const problem = `${where} answered: ${error.problem}`;
  if (answer.status === 401 || answer.status === 403)
    return refused(
      error.code,
      problem,
      error.hint || 'Changes are accepted on the host only: run this there, without --api.',
    );
  if (answer.status === 404) return failed(error.code, problem, error.hint || 'Check the name that was asked for.');
  if (answer.status === 503)
    return unreachable(
      problem,
      error.hint || 'The daemon is starting or has not read etcd yet: ask again in a few seconds.',
    );
  return failed(error.code, problem, error.hint || "The daemon's log says more: `journalctl -u batond`.");
}
