/** `baton switchover` and `baton failover`: show, ask, submit, and follow it to its end. */
import { err, ok } from '../core/result.ts';
import type { Ms } from '../core/units.ts';
import type { RequestDraft } from '../ports/daemon-face.ts';
import { statusSchema } from '../wire/status.ts';
import { ask } from './ask.ts';
import { type ChangeAsked, type ChangePlan, planChange } from './change-plan.ts';
import { explanationSchema } from './explanation-schema.ts';
import { refused } from './failure.ts';
import { planQuestion, renderPlan } from './render-change.ts';
import { followRequest } from './request-follow.ts';
import { submitRequest } from './request-submit.ts';
import type { VerbContext, VerbResult } from './verb.ts';

export interface ChangeOptions extends ChangeAsked {
  readonly caller: string;
  readonly reason: string;
  /** Agreed in advance. Accepts no loss: that is `allowDataLoss`. */
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly wait: boolean;
  /** How long to follow it; it goes on all the same when that has passed. */
  readonly waitLimitMs: Ms;
}

export async function change(context: VerbContext, options: ChangeOptions): VerbResult {
  const { terminal } = context;
  const status = await ask(context, '/v1/status', statusSchema);
  if (!status.ok) return status;
  const explained = options.kind === 'failover' ? await ask(context, '/v1/explain', explanationSchema) : null;
  const planned = planChange(options, status.value, explained?.ok ? explained.value : null);
  if (!planned.ok) return planned;
  const plan = planned.value;
  const shown = renderPlan(plan, options.caller, options.reason, terminal.paint);
  if (options.dryRun) return ok({ json: { dryRun: true, plan }, text: `${shown}\n\nDry run: nothing was changed.` });
  terminal.err(shown);

  if (!options.yes) {
    if (!terminal.interactive)
      return err(
        refused(
          'confirmed',
          'Nobody can be asked here (no terminal), and nothing was agreed in advance. Nothing was changed.',
          'Look at it with --dry-run, then repeat with --yes.',
        ),
      );
    if (!(await terminal.confirm(planQuestion(plan), context.signal)))
      return err(refused('confirmed', 'Not confirmed. Nothing was changed.', 'Repeat the command when you are sure.'));
  }
  const submitted = await submitRequest(context, draftOf(plan, options));
  if (!submitted.ok) return submitted;
  const { id } = submitted.value;
  if (!options.wait)
    return ok({
      json: { id, state: 'accepted', plan },
      text: `Accepted as request ${id}. Follow it with \`baton status --watch\`.`,
    });
  return followRequest(context, id, plan, options.waitLimitMs);
}

/** The request carries the leader and term it was decided on: if either has changed meanwhile, the daemon refuses. */
const draftOf = (plan: ChangePlan, options: ChangeOptions): Readonly<Record<keyof RequestDraft, unknown>> => ({
  kind: plan.kind,
  candidate: plan.candidate,
  leader: plan.leader,
  term: plan.term,
  by: options.caller,
  reason: options.reason,
  allowDataLoss: plan.allowDataLoss,
  oldPrimaryIsFenced: plan.oldPrimaryIsFenced,
});
