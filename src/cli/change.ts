/** `baton switchover` and `baton failover`: show, ask, submit, and follow it to its end. */
import { ok } from '../core/result.ts';
import type { Ms } from '../core/units.ts';
import type { RequestDraft } from '../ports/daemon-face.ts';
import { statusSchema } from '../wire/status.ts';
import { agree } from './agree.ts';
import { ask } from './ask.ts';
import { type ChangeAsked, type ChangePlan, planChange } from './change-plan.ts';
import { explanationSchema } from './explanation-schema.ts';
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
  const status = await ask(context, '/v1/status', statusSchema);
  if (!status.ok) return status;
  const explained = options.kind === 'failover' ? await ask(context, '/v1/explain', explanationSchema) : null;
  const planned = planChange(options, status.value, explained?.ok ? explained.value : null);
  if (!planned.ok) return planned;
  const plan = planned.value;
  const shown = renderPlan(plan, options.caller, options.reason, context.terminal.paint);
  const agreed = await agree(context, options, shown, planQuestion(plan), { plan });
  if (agreed !== null) return agreed;
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
