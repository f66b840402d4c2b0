/**
 * What an old leader tells its successor in the transaction that hands the key over: why, and how long before. The
 * durations are of the old leader's monotonic clock, so they mean the same on the other host.
 */
import type { MemberName, Ms, Revision } from './units.ts';

export const handOverNoteKey = 'handover';

export interface HandOverNote {
  readonly from: MemberName;
  readonly to: MemberName;
  /** The term that ended. */
  readonly term: Revision;
  readonly rule: string;
  readonly because: string;
  /** From the end of postgres (its exit, or the order to stop it) to this note; null when that is not known. */
  readonly sincePostgresEndedMs: Ms | null;
}

export const formatHandOverNote = (note: HandOverNote): string => JSON.stringify(note);

/** Null for anything that is not such a note: it is a courtesy, never a condition. */
export function parseHandOverNote(text: string | undefined): HandOverNote | null {
  if (text === undefined) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    const { from, to, term, rule, because, sincePostgresEndedMs } = value as Record<string, unknown>;
    const texts = [from, to, rule, because].every((each) => typeof each === 'string');
    if (!texts || typeof term !== 'number') return null;
    return {
      from,
      to,
      term,
      rule,
      because,
      sincePostgresEndedMs: typeof sincePostgresEndedMs === 'number' ? sincePostgresEndedMs : null,
    } as HandOverNote;
  } catch {
    return null;
  }
}

/** What had become of the old primary's processes when it handed over (ADR 9, ADR 33). */
export function howFenced({ from, rule }: HandOverNote): string {
  switch (rule) {
    case 'hand-over-dead-postgres':
      return `${from} handed over once its postmaster had ended; whatever that left behind is killed, and can acknowledge nothing without this member`;
    case 'hand-over-unfenced':
      return `${from} handed over with processes that cannot be killed; they can acknowledge nothing without this member`;
    default:
      return `${from} handed over after all of its postgres processes had ended`;
  }
}
