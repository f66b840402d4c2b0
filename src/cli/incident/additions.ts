/** The simple additions to a case, from what was typed. */
import { ok, type Result } from '../../core/result.ts';
import type { Case } from '../../core/sla/case/case.ts';
import type { Failure } from '../failure.ts';
import type { Addition } from './add.ts';

type Plan = (held: Case) => Result<Addition, Failure>;

export const acknowledge =
  (note: string): Plan =>
  () =>
    ok({
      path: 'ack',
      draft: { kind: 'acknowledged', note },
      body: { note },
      shown: [`Acknowledged${note === '' ? '' : `: ${note}`}`],
      done: 'Acknowledged: others see who looks after it.',
      question: null,
    });

export const note =
  (text: string): Plan =>
  () =>
    ok({
      path: 'note',
      draft: { kind: 'note', text },
      body: { text },
      shown: [`Note: ${text}`],
      done: 'Noted.',
      question: null,
    });

export const cause =
  (given: { readonly trigger: string; readonly rootCause: string; readonly factors: readonly string[] }): Plan =>
  ({ cause: before }) =>
    ok({
      path: 'cause',
      draft: { kind: 'cause', ...given },
      body: { ...given },
      shown: [
        `Trigger: ${given.trigger}`,
        `Root cause: ${given.rootCause}`,
        ...given.factors.map((factor) => `Contributing: ${factor}`),
        ...(before === null ? [] : [`Instead of what ${before.by} gave; that stays readable.`]),
      ],
      done: 'The cause is on record.',
      question: null,
    });

export const action =
  (asked: { readonly text: string; readonly owner: string; readonly due: string }): Plan =>
  ({ actions }) =>
    ok({
      path: 'actions',
      draft: { kind: 'action', ...asked },
      body: { ...asked },
      shown: [`Action ${actions.length + 1}: ${asked.text}`, `Owner: ${asked.owner}, due ${asked.due}`],
      done: `Action ${actions.length + 1} of ${asked.owner}, due ${asked.due}.`,
      question: null,
    });

export const actionDone =
  (number: number, said: string): Plan =>
  ({ actions }) =>
    ok({
      path: `actions/${number}/done`,
      draft: { kind: 'action-done', number, note: said },
      body: { note: said },
      shown: [`Action ${number} is done: ${actions.find((each) => each.number === number)?.text ?? ''}`],
      done: `Action ${number} is done.`,
      question: null,
    });

export const review =
  (text: string): Plan =>
  () =>
    ok({
      path: 'review',
      draft: { kind: 'review', text },
      body: { text },
      shown: [`Review: ${text}`],
      done: 'Reviewed.',
      question: null,
    });

export const signOff =
  (said: string): Plan =>
  () =>
    ok({
      path: 'sign-off',
      draft: { kind: 'signed-off', note: said },
      body: { note: said },
      shown: [`Signed off${said === '' ? '' : `: ${said}`}`, 'After that, only an amendment with a reason is taken.'],
      done: 'Signed off.',
      question: 'Sign it off?',
    });
