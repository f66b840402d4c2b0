/** `baton resume`: somebody has looked at the repeated failovers, and automation may move the leadership again. */
import { err, ok } from '../core/result.ts';
import { statusSchema } from '../wire/status.ts';
import { agree } from './agree.ts';
import { ask } from './ask.ts';
import { refused } from './failure.ts';
import { postChange } from './request-submit.ts';
import { wrapText } from './terminal.ts';
import type { VerbContext, VerbResult } from './verb.ts';

export interface ResumeOptions {
  readonly caller: string;
  readonly reason: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

export async function resume(context: VerbContext, options: ResumeOptions): VerbResult {
  const { terminal } = context;
  const status = await ask(context, '/v1/status', statusSchema);
  if (!status.ok) return status;
  const { held, cluster } = status.value;
  if (held.length === 0)
    return err(refused('held', `Nothing is held in ${cluster}.`, 'Nothing to do; see `baton status`.'));
  const shown = [
    terminal.paint.strong(`Resume automation of ${cluster}`),
    '',
    ...held.map((why) => wrapText(why, '  ', '  ')),
    '',
    wrapText(options.caller, '        ', 'By:     '),
    wrapText(options.reason === '' ? 'none given (--reason)' : options.reason, '        ', 'Reason: '),
  ].join('\n');
  const agreed = await agree(context, options, shown, 'Have you looked at why?', { held });
  if (agreed !== null) return agreed;
  const done = await postChange(context, '/v1/resume', { by: options.caller, reason: options.reason });
  return done.ok
    ? ok({ json: { resumed: done.value.id }, text: 'Automation goes on: the failovers so far no longer count.' })
    : done;
}
