/** An incident with everything that people added to it, as it stands. */
import type { Amendment, Incident, Verdict } from '../incident.ts';
import type { CaseEntry, Cause } from './case-entry.ts';

/** Who and when; `id` names the entry. */
export interface Signed {
  readonly id: string;
  readonly at: string;
  readonly by: string;
}

export interface Action extends Signed {
  /** From 1, in order: what people call it. */
  readonly number: number;
  readonly text: string;
  readonly owner: string;
  readonly due: string;
  readonly done: (Signed & { readonly note: string }) | null;
}

export interface CaseAmendment extends Signed {
  readonly reason: string;
  readonly changes: readonly Amendment[];
  /** What the contracts said before, worth keeping because they were asked again; null when they were not. */
  readonly verdictsBefore: readonly Verdict[] | null;
  /** Contracts that had judged it and are not configured any more: what they said stands, and is not recomputed. */
  readonly notRecomputed: readonly string[];
}

export interface Case {
  /** With all amendments in it: not what the recorder wrote, but what is held to be true now. */
  readonly incident: Incident;
  readonly acknowledged: (Signed & { readonly note: string }) | null;
  readonly notes: readonly (Signed & { readonly text: string })[];
  readonly cause: (Signed & Cause) | null;
  readonly causesBefore: readonly (Signed & Cause)[];
  readonly actions: readonly Action[];
  readonly reviews: readonly (Signed & { readonly text: string })[];
  /** Nothing was amended since the newest review. */
  readonly reviewed: boolean;
  readonly signedOff: (Signed & { readonly note: string }) | null;
  /** Sign-offs that an amendment opened again. */
  readonly signOffsBefore: readonly (Signed & { readonly note: string })[];
  readonly amendments: readonly CaseAmendment[];
  /** Entries that were not permitted at their place, because two people wrote at the same moment. Kept, without effect. */
  readonly outOfPlace: readonly { readonly entry: CaseEntry; readonly why: string }[];
  /** How many entries there are, of every kind. */
  readonly entries: number;
}

export const newCase = (incident: Incident): Case => ({
  incident,
  acknowledged: null,
  notes: [],
  cause: null,
  causesBefore: [],
  actions: [],
  reviews: [],
  reviewed: false,
  signedOff: null,
  signOffsBefore: [],
  amendments: [],
  outOfPlace: [],
  entries: 0,
});

export type CaseState = 'going on' | 'not acknowledged' | 'acknowledged' | 'reviewed' | 'signed off';

export function caseState(held: Case): CaseState {
  if (held.signedOff !== null) return 'signed off';
  if (held.reviewed) return 'reviewed';
  if (held.acknowledged !== null) return 'acknowledged';
  return held.incident.state === 'open' ? 'going on' : 'not acknowledged';
}

/** What has to be answered before anybody may sign it off, one sentence each with what to do. */
export function openQuestions({ incident, cause, actions, reviewed, amendments }: Case): readonly string[] {
  return [
    ...(incident.state === 'open' ? ['it is not over yet: it is closed when redundancy is back'] : []),
    ...(cause === null ? ['nobody has given its cause: baton incident cause'] : []),
    ...actions.flatMap(({ number, text, owner, done }) =>
      done === null ? [`action ${number} of ${owner} is not done (${text}): baton incident action done`] : [],
    ),
    ...(reviewed
      ? []
      : [
          amendments.length === 0
            ? 'nobody has reviewed it: baton incident review'
            : 'nobody has reviewed it since it was amended: baton incident review',
        ]),
  ];
}
