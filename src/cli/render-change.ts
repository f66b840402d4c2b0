/** The plan of a change, as it is shown before anybody agrees to it. */
import { listed } from '../core/sla/text-layout.ts';
import type { ChangePlan } from './change-plan.ts';
import { type Paint, wrapText } from './terminal.ts';

export function renderPlan(plan: ChangePlan, caller: string, reason: string, paint: Paint): string {
  const from = plan.leader === null ? 'nobody' : plan.leader;
  const title = plan.kind === 'switchover' ? 'Switchover' : 'Failover';
  const term = plan.term === null ? '' : ` (term ${plan.term})`;
  const accepted = [
    ...(plan.allowDataLoss && !plan.losesNothing ? ['that commits may be lost'] : []),
    ...(plan.oldPrimaryIsFenced ? ['that the old primary is fenced'] : []),
  ];
  return [
    paint.strong(`${title} of ${plan.cluster}: ${from}${term} -> ${plan.candidate}`),
    '',
    ...plan.steps.map((step, index) => wrapText(step, '     ', `  ${index + 1}. `)),
    '',
    (plan.losesNothing ? paint.good : paint.bad)(wrapText(plan.loss, '        ', 'Loss:   ')),
    ...(accepted.length === 0 ? [] : [paint.bad(wrapText(`You say ${listed(accepted)}.`))]),
    wrapText(caller, '        ', 'By:     '),
    wrapText(reason === '' ? 'none given (--reason)' : reason, '        ', 'Reason: '),
  ].join('\n');
}

export const planQuestion = (plan: ChangePlan): string =>
  plan.losesNothing
    ? `Make ${plan.candidate} the primary?`
    : `Make ${plan.candidate} the primary and lose what it lacks?`;
