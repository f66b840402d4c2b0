/**
 * An incident as it is handed out: what was recorded, what people added, what follows from both, and the entries of a
 * ledger that carry it, so that somebody who trusts nobody can recompute all of it.
 */
import { canonicalJson } from '../../canonical-json.ts';
import type { Case } from '../case/case.ts';
import type { CaseEntry } from '../case/case-entry.ts';
import { caseOf } from '../case/case-of.ts';
import { type Recurrences, recurrences } from '../case/recurrence.ts';
import type { Promises } from '../contract.ts';
import type { EvidenceBundle } from '../evidence/bundle.ts';
import { tailOf } from '../evidence/diverged-tail.ts';
import type { Incident } from '../incident.ts';
import { lossSentence } from '../loss-sentence.ts';
import { type Statement, statements } from '../statements.ts';

export const exportFormat = 'baton-incident-export';

/** An entry of a ledger, as ports/ledger.ts has it. */
export interface ProofEntry {
  readonly seq: number;
  readonly wall: string;
  readonly kind: string;
  readonly body: unknown;
  readonly prev: string;
  readonly hash: string;
}

export interface Proof {
  /** Whose ledger: each member has a chain of its own. */
  readonly member: string;
  readonly entries: readonly ProofEntry[];
  /** The end of that chain when this was exported. */
  readonly head: { readonly entries: number; readonly lastHash: string };
  /** Null: the whole chain was intact then. */
  readonly problem: string | null;
}

export interface IncidentExport {
  readonly format: typeof exportFormat;
  readonly v: 1;
  readonly exportedAt: string;
  /** Version of the Baton that made it: another one may derive the case otherwise. */
  readonly madeBy: string;
  /** As the recorder wrote it. */
  readonly incident: Incident;
  readonly entries: readonly CaseEntry[];
  /** Derived from the two above. */
  readonly case: Case;
  readonly lost: string;
  readonly recurrences: Recurrences;
  /** Drafts of the public sentence; none when an end of the outage is not known. */
  readonly statements: readonly Statement[];
  /** What the members found on their own hosts at the time. */
  readonly evidence: readonly EvidenceBundle[];
  /** Null when no daemon answered and etcd was read: it holds no hashes. */
  readonly ledger: Proof | null;
  /** SHA-256 of incident and entries, which is all that was ever decided on: exports of one state have the same, in every format. */
  readonly recordSha256: string;
  /** SHA-256 of everything above: finds a damaged file, and proves nothing. */
  readonly sha256: string;
}

export interface ExportFacts {
  readonly incident: Incident;
  readonly entries: readonly CaseEntry[];
  /** All of the cluster, as amended. */
  readonly all: readonly Incident[];
  readonly promises: Promises;
  readonly evidence: readonly EvidenceBundle[];
  readonly ledger: Proof | null;
  readonly exportedAt: string;
  readonly madeBy: string;
}

/** Hexadecimal SHA-256 of a text in UTF-8. */
export type Sha256 = (text: string) => string;

export function incidentExport(facts: ExportFacts, sha256: Sha256): IncidentExport {
  const { incident, entries, all, promises, evidence, ledger, exportedAt, madeBy } = facts;
  const held = caseOf(incident, entries);
  const tail = tailOf(held.incident, evidence);
  const drafts = statements(held.incident, promises, incident.cluster, tail);
  const content = {
    format: exportFormat,
    v: 1,
    exportedAt,
    madeBy,
    incident,
    entries,
    case: held,
    lost: lossSentence(held.incident, tail),
    recurrences: recurrences(held.incident, all),
    statements: drafts.ok ? drafts.value : [],
    evidence,
    ledger,
    recordSha256: recordSha256({ incident, entries }, sha256),
  } as const;
  return { ...content, sha256: sha256(canonicalJson(content)) };
}

export const recordSha256 = (
  { incident, entries }: Pick<IncidentExport, 'incident' | 'entries'>,
  sha256: Sha256,
): string => sha256(canonicalJson({ incident, entries }));

/** What could steer a terminal is written as its number: the text means the same and may be shown anywhere. */
export const exportJson = (document: IncidentExport): string =>
  `${JSON.stringify(document, null, 2).replaceAll(/[\p{Cf}\u007f-\u009f\u2028\u2029]/gu, (found) =>
    found
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )}\n`;
