/** Checks an export by itself, offline: what is wrong with it, what it proves, and what it cannot prove. */
import { canonicalJson } from '../../canonical-json.ts';
import type { Result } from '../../result.ts';
import type { CaseEntry } from '../case/case-entry.ts';
import { caseOf } from '../case/case-of.ts';
import { evidenceKey } from '../evidence/bundle.ts';
import { editionOf, type Incident } from '../incident.ts';
import { type IncidentExport, type Proof, type ProofEntry, recordSha256, type Sha256 } from './incident-export.ts';

export interface ExportCheck {
  /** Each names the entry or the part, and how it differs. Empty: the export is sound. */
  readonly wrong: readonly string[];
  readonly proved: readonly string[];
  readonly notProved: readonly string[];
  /** Not proved either, until the chain is compared with a ledger that somebody else kept. */
  readonly untilCompared: readonly string[];
}

export interface ExportChecks {
  readonly sha256: Sha256;
  /** Whether an entry's hash is that of its content. */
  readonly checkEntry: (entry: ProofEntry) => Result<unknown, string>;
  /** The entry of an incident's case that a ledger's body carries; null for any other body. */
  readonly caseEntryOf: (body: unknown) => { readonly incident: string; readonly entry: CaseEntry } | null;
  /** Of this Baton. */
  readonly version: string;
}

/** What the check reads; the rest is compared as it stands. */
export type CheckedExport = Pick<
  IncidentExport,
  'format' | 'v' | 'exportedAt' | 'madeBy' | 'incident' | 'entries' | 'evidence' | 'ledger' | 'recordSha256' | 'sha256'
>;

/** `document` is what `raw` says, read; `raw` has every byte of it, also fields that nobody reads. */
export function verifyExport(
  document: CheckedExport,
  raw: Readonly<Record<string, unknown>>,
  checks: ExportChecks,
): ExportCheck {
  const { sha256: claimed, ...content } = raw;
  const { ledger } = document;
  const chain = ledger === null ? noLedger : chainCheck(ledger, checks);
  const facts = ledger === null ? nothing : factsCheck(document, ledger, checks);
  const derived = derivedCheck(document, raw, checks);
  const whole =
    checks.sha256(canonicalJson(content)) === claimed
      ? []
      : ['the file was changed after it was exported: its SHA-256 is not that of its content'];
  const evidence = ledger === null ? nothing : evidenceCheck(document, ledger);
  const all = [chain, facts, evidence, derived];
  return {
    wrong: [...all.flatMap(({ wrong }) => wrong), ...whole],
    proved: all.flatMap(({ proved }) => proved),
    notProved: all.flatMap(({ notProved }) => notProved),
    untilCompared: all.flatMap(({ untilCompared }) => untilCompared),
  };
}

const nothing: ExportCheck = { wrong: [], proved: [], notProved: [], untilCompared: [] };
const noLedger: ExportCheck = {
  ...nothing,
  notProved: [
    'that this was ever recorded: the file carries no entries of a ledger (it was read from etcd). Ask for an export that was made while batond ran.',
  ],
};

const named = ({ seq, kind, wall }: ProofEntry): string => `entry ${seq} of the ledger (${kind}, ${wall})`;

function chainCheck({ entries, head, member, problem }: Proof, { checkEntry }: ExportChecks): ExportCheck {
  const wrong: string[] = [];
  let links = 0;
  entries.forEach((entry, at) => {
    const checked = checkEntry(entry);
    if (!checked.ok) wrong.push(`${named(entry)} ${checked.error}`);
    const before = entries[at - 1];
    if (before === undefined) return;
    if (entry.seq <= before.seq) wrong.push(`${named(entry)} is out of order after entry ${before.seq}`);
    if (entry.seq !== before.seq + 1) return;
    if (entry.prev === before.hash) links += 1;
    else wrong.push(`${named(entry)} does not carry the hash of entry ${before.seq}, which it follows`);
  });
  const last = entries.at(-1);
  const reachesHead = last !== undefined && last.seq === head.entries - 1;
  if (last !== undefined && last.seq >= head.entries)
    wrong.push(`${named(last)} is beyond the end of the chain, which has ${head.entries} entries`);
  if (reachesHead && last.hash !== head.lastHash)
    wrong.push(`${named(last)} is the last of the chain, and its hash is not the one that the chain ends with`);
  const sound = wrong.length === 0 && entries.length > 0;
  return {
    wrong: [
      ...wrong,
      ...(problem === null ? [] : [`the ledger of ${member} was damaged when this was exported: ${problem}`]),
    ],
    proved: sound
      ? [
          `each of the ${entries.length} entries of the ledger of ${member} is what its hash says${links === 0 ? '' : `, and ${links} of them carry the hash of the one before them in this file`}`,
        ]
      : [],
    notProved: [],
    untilCompared: [
      `that the chain of ${member} is the one that was kept: compare entry ${head.entries - 1}, hash ${head.lastHash}, with what you were sent before or with that ledger (baton incident verify FILE --ledger DIRECTORY)`,
      ...(entries.length === 0 || (links === entries.length - 1 && reachesHead)
        ? []
        : [
            'that the chain leads from these entries to its end: the entries between are of other things and not in this file',
          ]),
    ],
  };
}

/** Whether what is told is what the ledger carries. */
function factsCheck(document: CheckedExport, ledger: Proof, { caseEntryOf }: ExportChecks): ExportCheck {
  const { incident, entries } = document;
  const wrong: string[] = [];
  const carried = new Map<string, { readonly seq: ProofEntry; readonly entry: CaseEntry }>();
  for (const each of ledger.entries) {
    const found = each.kind === 'record' ? caseEntryOf(each.body) : null;
    if (found !== null && found.incident === incident.id)
      carried.set(found.entry.id, { seq: each, entry: found.entry });
  }
  const missing: string[] = [];
  for (const entry of entries) {
    const inLedger = carried.get(entry.id);
    if (inLedger === undefined) missing.push(`${entry.what.kind} by ${entry.by} at ${entry.at}`);
    else if (canonicalJson(inLedger.entry) !== canonicalJson(entry))
      wrong.push(
        `the ${entry.what.kind} by ${entry.by} at ${entry.at} (${entry.id}) is not what ${named(inLedger.seq)} says`,
      );
  }
  for (const [id, { seq }] of carried)
    if (!entries.some((entry) => entry.id === id)) wrong.push(`${named(seq)} was left out of what people added`);
  const newest = newestVersion(ledger);
  const same = newest !== undefined && canonicalJson(newest.body) === canonicalJson(incident);
  // A member whose disk was full then has an older version than etcd, of what another one recorded.
  const behind = newest !== undefined && !same && ledger.member !== incident.recordedBy && isOlder(newest, incident);
  if (newest !== undefined && !same && !behind)
    wrong.push(`the incident is not what ${named(newest)} says, which has its newest version`);
  return {
    ...nothing,
    wrong,
    proved: [
      ...(!same || wrong.length > 0 ? [] : [`the incident is what entry ${newest?.seq} of that ledger says`]),
      ...(entries.length === missing.length || wrong.length > 0
        ? []
        : [`${entries.length - missing.length} of the ${entries.length} things that people added are what it says`]),
    ],
    notProved: [
      ...(newest === undefined
        ? [
            `the incident itself: the ledger of ${ledger.member} has only what people added. ${incident.recordedBy} recorded it: an export that is made there carries it`,
          ]
        : behind
          ? [
              `the newest version of the incident: ${named(newest)} has an older one. ${incident.recordedBy} recorded it: an export that is made there carries it`,
            ]
          : []),
      ...missing.map((what) => `${what}: not in that ledger when this was exported`),
    ],
  };
}

/** By its edition, as every member counts: a disk that refused a version for a while may have it after a newer one. */
const newestVersion = ({ entries }: Proof): ProofEntry | undefined =>
  entries
    .filter(({ kind }) => kind === 'incident')
    .reduce<ProofEntry | undefined>(
      (newest, each) => (newest !== undefined && editionIn(newest) > editionIn(each) ? newest : each),
      undefined,
    );

const isOlder = (entry: ProofEntry, incident: Incident): boolean => editionIn(entry) < editionOf(incident);

const editionIn = ({ body }: ProofEntry): number => (body as { readonly edition?: number } | null)?.edition ?? 0;

/** Whether the evidence is what the ledger carries. */
function evidenceCheck({ evidence }: CheckedExport, ledger: Proof): ExportCheck {
  const carried = new Map(
    ledger.entries.flatMap((entry) => {
      const body = entry.kind === 'evidence' ? (entry.body as { key?: unknown; value?: unknown } | null) : null;
      return typeof body?.key === 'string' ? [[body.key, { entry, value: canonicalJson(body.value) }] as const] : [];
    }),
  );
  const wrong: string[] = [];
  const missing: string[] = [];
  for (const bundle of evidence) {
    const told = `the evidence of ${bundle.member} (${bundle.moment}, ${bundle.at})`;
    const inLedger = carried.get(evidenceKey(bundle));
    if (inLedger === undefined) missing.push(`${told}: not in that ledger when this was exported`);
    else if (inLedger.value !== canonicalJson(bundle)) wrong.push(`${told} is not what ${named(inLedger.entry)} says`);
  }
  const sound = evidence.length - missing.length;
  const proved = [`${sound} of the ${evidence.length} pieces of evidence are what it says`];
  return { ...nothing, wrong, proved: sound === 0 || wrong.length > 0 ? [] : proved, notProved: missing };
}

/** Whether what follows from the facts does follow. */
function derivedCheck(
  document: CheckedExport,
  raw: Readonly<Record<string, unknown>>,
  { sha256, version }: ExportChecks,
): ExportCheck {
  const { incident, entries, madeBy } = document;
  const digest = recordSha256({ incident, entries }, sha256);
  const derived = canonicalJson(caseOf(incident, entries)) === canonicalJson(raw['case']);
  const otherVersion = madeBy !== version;
  const differs = 'the case (with amendments and verdicts) does not follow from the incident and its entries';
  return {
    ...nothing,
    wrong: [
      ...(digest === document.recordSha256 ? [] : ['the SHA-256 of the record is not that of incident and entries']),
      ...(derived || otherVersion ? [] : [differs]),
    ],
    proved: derived ? ['the case, with amendments and verdicts, follows from the incident and its entries'] : [],
    notProved: !derived && otherVersion ? [`${differs} here: Baton ${madeBy} made it, this is ${version}`] : [],
  };
}
