/**
 * What people add to an incident. Each entry is a record of its own, written once and never edited: the incident itself
 * stays as the recorder wrote it. An incident with its entries is a case.
 */
import type { Terms } from '../maintenance/announcement.ts';

export interface CaseEntry {
  /** `<yyyymmddThhmmssSSSZ>-<8 hexadecimal digits>`: entries are read in this order, whoever took them. */
  readonly id: string;
  /** RFC 3339 UTC with milliseconds, by the clock of the member that took it. */
  readonly at: string;
  /** The person: `user@host`. */
  readonly by: string;
  readonly what: CaseAct;
}

export type CaseAct =
  /** Somebody looks after it. `note` may be empty. */
  | { readonly kind: 'acknowledged'; readonly note: string }
  | { readonly kind: 'note'; readonly text: string }
  /** The newest one counts; those before stay readable. */
  | ({ readonly kind: 'cause' } & Cause)
  /** `due` is a date like `2008-05-01`: the day by whose end (UTC) it is to be done. */
  | { readonly kind: 'action'; readonly text: string; readonly owner: string; readonly due: string }
  /** `action` is the id of the entry that asked for it. */
  | { readonly kind: 'action-done'; readonly action: string; readonly note: string }
  | { readonly kind: 'review'; readonly text: string }
  | { readonly kind: 'signed-off'; readonly note: string }
  | {
      readonly kind: 'amended';
      readonly reason: string;
      readonly changes: readonly FieldChange[];
      /** The sites and contracts by which verdicts are recomputed; null when nothing that they compare was changed. */
      readonly terms: Terms | null;
    };

export interface Cause {
  /** What set it off, in a person's words. */
  readonly trigger: string;
  /** Why that could become an outage. */
  readonly rootCause: string;
  /** What made it longer or worse. */
  readonly factors: readonly string[];
}

/** `from` and `to` are JSON text; `from` is what whoever amended saw. */
export interface FieldChange {
  readonly field: string;
  readonly from: string;
  readonly to: string;
}

/** Entries of one incident. */
export interface CaseFile {
  /** The incident's id. */
  readonly incident: string;
  readonly entries: readonly CaseEntry[];
}

export const caseKeyPrefix = 'cases/';
export const caseKey = (incident: string, entry: string): string => `${caseKeyPrefix}${incident}/${entry}`;

/** Sorts as time does: `20080424T081500123Z-1f2e3d4c`. `random` is 8 hexadecimal digits. */
export const entryId = (wall: number, random: string): string =>
  `${new Date(wall).toISOString().replace(/[-:.]/g, '')}-${random}`;

/** Milliseconds since the epoch; null for an id of another shape. */
export function wallOfEntryId(id: string): number | null {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-[0-9a-f]{8}$/.exec(id);
  if (match === null) return null;
  const [, year, month, day, hours, minutes, seconds, ms] = match;
  const wall = Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}.${ms}Z`);
  return Number.isNaN(wall) ? null : wall;
}
