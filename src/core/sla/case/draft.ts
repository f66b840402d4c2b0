/** What somebody wants to add, as they say it, and what is written down of it: numbers become names, terms are put in. */
import { err, ok, type Result } from '../../result.ts';
import type { Terms } from '../maintenance/announcement.ts';
import { AMENDABLE, readChange } from './amendable.ts';
import { termsFor, withChanges } from './amended.ts';
import type { Case } from './case.ts';
import type { CaseAct, FieldChange } from './case-entry.ts';
import { type CaseRefusal, mayAdd } from './may-add.ts';

export type CaseDraft =
  | Exclude<CaseAct, { readonly kind: 'action-done' | 'amended' }>
  /** The action by its number, as `show` has it. */
  | { readonly kind: 'action-done'; readonly number: number; readonly note: string }
  | { readonly kind: 'amended'; readonly reason: string; readonly changes: readonly FieldChange[] };

/** The act that may be written now, or why not. `promises`: the sites, contracts and announcements; `at`: RFC 3339. */
export function considered(held: Case, draft: CaseDraft, promises: Terms, at: string): Result<CaseAct, CaseRefusal> {
  const what = actOf(held, draft, promises);
  const refusal = mayAdd(held, { at, what });
  return refusal === null ? ok(what) : err(refusal);
}

function actOf(held: Case, draft: CaseDraft, promises: Terms): CaseAct {
  if (draft.kind === 'action-done') {
    const action = held.actions.find(({ number }) => number === draft.number)?.id ?? `number ${draft.number}`;
    return { kind: 'action-done', action, note: draft.note };
  }
  if (draft.kind !== 'amended') return draft;
  const { kind, reason, changes } = draft;
  const fit = changes.every(({ field, to }) => readChange(field, to).ok);
  const compared = changes.some(({ field }) => AMENDABLE.get(field)?.compared === true);
  const terms = fit && compared ? termsFor(withChanges(held.incident, changes, '', promises.sites), promises) : null;
  return { kind, reason, changes, terms };
}
