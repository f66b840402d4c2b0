/** What may be added to a case as it stands. One table for the door and for the fold: an entry that was let in counts. */
import { canonicalJson } from '../../canonical-json.ts';
import { absurd } from '../../result.ts';
import type { Promises } from '../contract.ts';
import { INSTANT_NAMES } from '../incident.ts';
import { AMENDABLE, readChange } from './amendable.ts';
import { withChanges } from './amended.ts';
import { type Case, openQuestions } from './case.ts';
import type { CaseAct, CaseEntry, FieldChange } from './case-entry.ts';

export const CASE_RULES = [
  'room',
  'not-signed-off',
  'not-acknowledged',
  'due-ahead',
  'action-known',
  'action-not-done',
  'incident-closed',
  'questions-answered',
  'reason-given',
  'amendable',
  'value-as-seen',
  'changes-something',
  'site-known',
  'times-in-order',
] as const;

export type CaseRule = (typeof CASE_RULES)[number];

/** What does not hold, a sentence with who and when where there is one, and what to do. */
export interface CaseRefusal {
  readonly rule: CaseRule;
  readonly problem: string;
  readonly mend: string;
}

/** Of one incident, of all kinds. */
const entriesMax = 1_000;

/** Null when it may. */
export function mayAdd(held: Case, { at, what }: Pick<CaseEntry, 'at' | 'what'>): CaseRefusal | null {
  if (held.entries >= entriesMax)
    return no('room', `this incident has ${entriesMax} entries`, 'keep the rest elsewhere and refer to it');
  const { signedOff } = held;
  if (signedOff !== null && what.kind !== 'amended')
    return no(
      'not-signed-off',
      `it was signed off by ${signedOff.by} at ${signedOff.at}`,
      'a correction is an amendment, which opens it again: baton incident amend --reason',
    );
  return refusalOf(held, at, what);
}

function refusalOf(held: Case, at: string, what: CaseAct): CaseRefusal | null {
  switch (what.kind) {
    case 'note':
    case 'cause':
      return null;
    case 'acknowledged':
      return held.acknowledged === null
        ? null
        : no(
            'not-acknowledged',
            `${held.acknowledged.by} acknowledged it at ${held.acknowledged.at}`,
            'nothing is left to do; say more with baton incident note',
          );
    case 'action':
      return what.due >= at.slice(0, 10)
        ? null
        : no('due-ahead', `${what.due} is over already`, 'give the day by which it is to be done, like 2008-05-01');
    case 'action-done':
      return actionRefusal(held, what.action);
    case 'review':
      return held.incident.state === 'closed' ? null : goesOn;
    case 'signed-off': {
      const questions = openQuestions(held);
      return questions.length === 0
        ? null
        : no('questions-answered', `it cannot be signed off yet: ${questions.join('; ')}`, 'answer that first');
    }
    case 'amended':
      return amendmentRefusal(held, at, what);
    default:
      return absurd(what);
  }
}

const no = (rule: CaseRule, problem: string, mend: string): CaseRefusal => ({ rule, problem, mend });

const goesOn = no(
  'incident-closed',
  'it is still being recorded',
  'wait until redundancy is back; meanwhile write notes: baton incident note',
);

function actionRefusal({ actions }: Case, id: string): CaseRefusal | null {
  const action = actions.find((each) => each.id === id);
  if (action === undefined) {
    const known = actions.map(({ number }) => number).join(', ');
    return no(
      'action-known',
      'it has no such action',
      known === '' ? 'add one first: baton incident action add' : `its actions are ${known}: baton incident show`,
    );
  }
  if (action.done === null) return null;
  const { by, at } = action.done;
  return no('action-not-done', `${by} said at ${at} that action ${action.number} is done`, 'nothing is left to do');
}

function amendmentRefusal(
  { incident }: Case,
  at: string,
  { reason, changes, terms }: Extract<CaseAct, { readonly kind: 'amended' }>,
): CaseRefusal | null {
  if (reason.trim() === '') return no('reason-given', 'an amendment says why', 'repeat it with --reason "..."');
  if (incident.state !== 'closed') return goesOn;
  const fields = changes.map(({ field }) => field);
  if (fields.length === 0 || new Set(fields).size < fields.length)
    return no('amendable', 'an amendment names one or more fields, each once', 'give --set FIELD=VALUE for each');
  for (const { field, from, to } of changes) {
    const value = readChange(field, to);
    if (!value.ok) return no('amendable', value.error, 'see baton incident amend --help');
    const now = canonicalJson(AMENDABLE.get(field)?.read(incident) ?? null);
    if (!sameJson(from, now))
      return no('value-as-seen', `${field} is ${now} and not ${from}`, 'look again: baton incident show');
    if (canonicalJson(value.value) === now)
      return no('changes-something', `${field} is ${now} already`, 'nothing is left to do');
    const unknown = field === 'affectedSites' ? unknownSite(value.value as readonly string[], incident, terms) : null;
    if (unknown !== null) return unknown;
  }
  return timesRefusal(incident, at, changes);
}

function sameJson(text: string, canonical: string): boolean {
  try {
    return canonicalJson(JSON.parse(text)) === canonical;
  } catch {
    return false;
  }
}

function unknownSite(
  ids: readonly string[],
  { affectedSites }: Case['incident'],
  terms: Promises | null,
): CaseRefusal | null {
  const known = new Set([...affectedSites, ...(terms?.sites ?? [])].map(({ id }) => id));
  const unknown = ids.find((id) => !known.has(id));
  return unknown === undefined
    ? null
    : no('site-known', `${unknown.slice(0, 60)} is no site`, `the sites are ${[...known].join(', ')}`);
}

/** An outage does not end before it began, and nothing happened later than it was written down. */
function timesRefusal(incident: Case['incident'], at: string, changes: readonly FieldChange[]): CaseRefusal | null {
  const after = withChanges(incident, changes, '', []).instants;
  const future = INSTANT_NAMES.find(
    (name) => changes.some(({ field }) => field === `instants.${name}`) && (after[name]?.wall ?? '') > at,
  );
  if (future !== undefined) return no('times-in-order', `${future} would be in the future`, 'give the instant it was');
  for (const [first, then] of [
    ['t0', 't7'],
    ['t6', 't7'],
    ['t7', 't8'],
  ] as const) {
    const moved = changes.some(({ field }) => field === `instants.${first}` || field === `instants.${then}`);
    const [start, end] = [after[first], after[then]];
    if (moved && start !== null && end !== null && end.wall < start.wall)
      return no('times-in-order', `${then} would be before ${first}`, `amend both, or give the right instant`);
  }
  return null;
}
