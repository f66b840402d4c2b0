/** What people did with an incident, one line each, in order. */
import type { Case, Signed } from './case.ts';

export interface Happening extends Signed {
  /** What they did, like `acknowledged it`. */
  readonly did: string;
  /** What they said to it; may be empty, may have several lines. */
  readonly said: string;
}

export function happenings(held: Case): readonly Happening[] {
  const of = (signed: Signed | null, did: string, said = ''): readonly Happening[] =>
    signed === null ? [] : [{ id: signed.id, at: signed.at, by: signed.by, did, said }];
  const causes = [...held.causesBefore, ...(held.cause === null ? [] : [held.cause])];
  return [
    ...of(held.acknowledged, 'acknowledged it', held.acknowledged?.note),
    ...held.notes.flatMap((note) => of(note, 'noted', note.text)),
    ...causes.flatMap((cause) => of(cause, 'gave the cause', cause.rootCause)),
    ...held.actions.flatMap((action) => of(action, `asked for action ${action.number}`, action.text)),
    ...held.actions.flatMap(({ done, number }) => of(done, `said that action ${number} is done`, done?.note)),
    ...held.reviews.flatMap((review) => of(review, 'reviewed it', review.text)),
    ...[...held.signOffsBefore, ...(held.signedOff === null ? [] : [held.signedOff])].flatMap((signOff) =>
      of(signOff, 'signed it off', signOff.note),
    ),
    ...held.amendments.flatMap((amendment) =>
      of(amendment, `amended ${amendment.changes.map(({ field }) => field).join(', ')}`, amendment.reason),
    ),
  ].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
