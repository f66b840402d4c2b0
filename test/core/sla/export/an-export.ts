/** An export of the incident of 2008 with everything that people may add, and a ledger that carries it. */
import { createHash } from 'node:crypto';
import { checkEntry, EMPTY_CHAIN, nextEntry } from '../../../../src/adapters/journal/ledger-chain.ts';
import { type CaseEntry, caseKey } from '../../../../src/core/sla/case/case-entry.ts';
import { type EvidenceBundle, evidenceKey } from '../../../../src/core/sla/evidence/bundle.ts';
import { exportJson, incidentExport, type Proof } from '../../../../src/core/sla/export/incident-export.ts';
import { type ExportChecks, verifyExport } from '../../../../src/core/sla/export/verify-export.ts';
import type { Incident } from '../../../../src/core/sla/incident.ts';
import type { LedgerEntry } from '../../../../src/ports/ledger.ts';
import { formatCaseValue, parseCaseRecord } from '../../../../src/wire/case-entry.ts';
import { incidentExportSchema } from '../../../../src/wire/incident-export.ts';
import { formatRecordBody, parseRecordBody } from '../../../../src/wire/kept-record.ts';
import { amendment, closed, entry, incident2008, promises } from '../case/a-case.ts';

export const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

export const entries2008: readonly CaseEntry[] = [
  ...closed,
  entry(
    70,
    amendment([
      ['loss.bytesMax', 0, 4096],
      ['loss.timeMsMax', 0, 500],
    ]),
    'eve@slough-a',
  ),
];

/** What slough-a had that reading-b has not. */
export const divergedPart: EvidenceBundle['parts'][number] = {
  source: 'diverged',
  from: 'state/diverged/x',
  problem: null,
  lines: ['3 transactions that touched rows had committed in it', 'hospital: public.notes: rows 5 inserted'],
  cutOff: null,
  tail: {
    ...{ timeline: 1, fromLsn: '0/5000148', toLsn: '0/5000548', transactions: 3, inserted: 5, updated: 0, deleted: 0 },
    relations: [{ database: 'hospital', name: 'public.notes', filenode: 16_384, inserted: 5, updated: 0, deleted: 0 }],
    ...{ relationsInAll: 1, catalogs: 0, incomplete: null },
  },
};

export const bundle: EvidenceBundle = {
  v: 1,
  incident: incident2008.id,
  member: 'reading-b',
  at: '2008-04-24T09:00:00.000Z',
  moment: 'outage',
  parts: [
    {
      source: 'postgres-log',
      from: 'state/postgres.log',
      problem: null,
      lines: ['LOG:  received promote request', 'LOG:  a ``` <b>line</b>'],
      cutOff: 'the first 7 of 9 lines were left out',
    },
  ],
};

/** Its first version, what people added, something else in between, and another version of it: the newest, mostly. */
export function ledgerOf(
  incident: Incident,
  entries: readonly CaseEntry[],
  first: Incident = { ...incident, state: 'open' },
): readonly LedgerEntry[] {
  const bodies: readonly (readonly [kind: string, body: unknown])[] = [
    ['incident', first],
    ['service', { rows: [] }],
    ['incident', incident],
    ['evidence', formatRecordBody({ key: evidenceKey(bundle), value: { ...bundle } })],
    ...entries.map(
      (each) =>
        ['record', formatRecordBody({ key: caseKey(incident.id, each.id), value: formatCaseValue(each) })] as const,
    ),
    ['service', { rows: [] }],
  ];
  let end = EMPTY_CHAIN;
  return bodies.map(([kind, body]) => {
    const next = nextEntry(end, '2008-04-24T12:00:00.000Z', kind, body).entry;
    end = { entries: next.seq + 1, lastHash: next.hash };
    return next;
  });
}

export function proofOf(incident: Incident, entries: readonly CaseEntry[], first?: Incident): Proof {
  const ledger = ledgerOf(incident, entries, first);
  return {
    member: 'reading-b',
    entries: ledger.filter(({ kind }) => kind !== 'service'),
    head: { entries: ledger.length, lastHash: ledger.at(-1)?.hash ?? '' },
    problem: null,
  };
}

const earlier: Incident = {
  ...incident2008,
  id: 'domain-1-20080401-030000000-reading-b',
  instants: {
    ...incident2008.instants,
    t0: incident2008.instants.t0 && { ...incident2008.instants.t0, wall: '2008-04-01T03:00:00.000Z' },
  },
};

export const anExport = (
  incident = incident2008,
  entries = entries2008,
  ledger: Proof | null = proofOf(incident, entries),
) =>
  incidentExport(
    {
      incident,
      entries,
      all: [earlier, incident],
      promises,
      evidence: [bundle],
      ledger,
      exportedAt: '2008-05-02T10:00:00.000Z',
      madeBy: '0.1.0',
    },
    sha256,
  );

export const checks: ExportChecks = {
  sha256,
  checkEntry,
  caseEntryOf: (body) => {
    const record = parseRecordBody(body);
    return record === null ? null : parseCaseRecord(record);
  },
  version: '0.1.0',
};

export function verified(text: string, version = '0.1.0') {
  const raw = JSON.parse(text);
  return verifyExport(incidentExportSchema.parse(raw), raw, { ...checks, version });
}

export const text2008 = exportJson(anExport());
