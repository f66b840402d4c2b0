/** `baton incident verify FILE`: checks an export offline, on anybody's computer. Needs no daemon and no configuration. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { err, ok, type Result } from '../../core/result.ts';
import type { ProofEntry } from '../../core/sla/export/incident-export.ts';
import { type CheckedExport, type ExportCheck, verifyExport } from '../../core/sla/export/verify-export.ts';
import { MiB } from '../../core/units.ts';
import type { LedgerEntry, LedgerExtract } from '../../ports/ledger.ts';
import { parseCaseRecord } from '../../wire/case-entry.ts';
import { incidentExportSchema } from '../../wire/incident-export.ts';
import { readValue } from '../../wire/json-text.ts';
import { parseRecordBody } from '../../wire/kept-record.ts';
import { type Failure, failed } from '../failure.ts';
import { wrapText } from '../terminal.ts';
import type { VerbResult } from '../verb.ts';

/** What can read ledgers; the adapter is handed in. */
export interface LedgerReading {
  /** Whether the entry's hash is that of its content. */
  readonly checkEntry: (entry: unknown) => Result<unknown, string>;
  /** Of a directory or a file, with the number of the first entry that was not dropped. Rejects when it cannot be read. */
  readonly extract: (
    path: string,
    wanted: (entry: LedgerEntry) => boolean,
  ) => Promise<LedgerExtract & { readonly first: number }>;
}

export interface VerifyOptions {
  readonly version: string;
  /** A ledger's own directory or one file of it, to compare with. */
  readonly ledger: string | null;
}

const fileBytesMax = 64 * MiB;
const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

export async function incidentVerify(reading: LedgerReading, file: string, options: VerifyOptions): VerbResult {
  const text = await readBounded(file);
  if (!text.ok) return text;
  const read = readExport(file, text.value);
  if (!read.ok) return read;
  const { document, raw } = read.value;
  const found = verifyExport(document, raw, {
    sha256,
    checkEntry: reading.checkEntry,
    caseEntryOf: (body) => {
      const record = parseRecordBody(body);
      return record === null ? null : parseCaseRecord(record);
    },
    version: options.version,
  });
  const compared = options.ledger === null ? nothing : await withLedger(reading, document, options.ledger);
  const check = {
    wrong: [...found.wrong, ...compared.wrong],
    proved: [...found.proved, ...compared.proved],
    notProved: [...found.notProved, ...(options.ledger === null ? found.untilCompared : compared.notProved)],
  };
  if (check.wrong.length > 0)
    return err(
      failed(
        'not-sound',
        [`${file} is not what was exported.`, ...check.wrong.map((wrong) => `${wrong}.`)].join('\n'),
        'Ask for it again, and ask how it was changed on the way.',
      ),
    );
  const { incident, exportedAt, recordSha256 } = document;
  return ok({
    json: { sound: true, incident: incident.id, exportedAt, recordSha256, ...check },
    text: [
      `${file} is sound:`,
      wrapText(`incident ${incident.id}, exported at ${exportedAt}.`),
      `SHA-256 of the record: ${recordSha256}`,
      ...section('Proved', check.proved),
      ...section('Not proved by this file alone', check.notProved),
    ].join('\n'),
  });
}

type Compared = Pick<ExportCheck, 'wrong' | 'proved' | 'notProved'>;
const nothing: Compared = { wrong: [], proved: [], notProved: [] };

const section = (head: string, says: readonly string[]): readonly string[] =>
  says.length === 0 ? [] : ['', head, ...says.map((each) => wrapText(`${each}.`, '    ', '  - '))];

async function readBounded(file: string): Promise<Result<string, Failure>> {
  try {
    const { size } = await stat(file);
    if (size > fileBytesMax)
      return err(
        failed(
          'too-large',
          `${file} is larger than ${fileBytesMax / MiB} MiB.`,
          'An export is smaller: is it the right file?',
        ),
      );
    return ok(await readFile(file, 'utf8'));
  } catch (thrown) {
    return err(failed('not-read', `${file}: ${(thrown as Error).message}`, 'Give the file that you were sent.'));
  }
}

interface ReadExport {
  readonly document: CheckedExport;
  readonly raw: Readonly<Record<string, unknown>>;
}

function readExport(file: string, text: string): Result<ReadExport, Failure> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (thrown) {
    return err(/^\s*[{]/.test(text) ? damaged(file, text, thrown as Error) : notJson(file, text));
  }
  const parsed = readValue(incidentExportSchema, raw);
  if (!parsed.ok)
    return err(
      failed(
        'not-sound',
        `${file} is no export that this Baton can read: ${parsed.error}`,
        'It was damaged, or made by a newer Baton: compare `baton version`.',
      ),
    );
  return ok({ document: parsed.value, raw: raw as Record<string, unknown> });
}

const notJson = (file: string, text: string): Failure =>
  failed(
    'not-json',
    `${file} is ${/^\s*<!doctype html/i.test(text) ? 'the HTML' : /^\s*# Incident/.test(text) ? 'the Markdown' : 'not the JSON'} of an export: it carries no ledger entries to recompute.`,
    'Ask for the JSON (`baton incident export ID --format json`) and verify that: it prints the SHA-256 of the record, which must be the one in this file.',
  );

/** Where the file stops being JSON, in the words of what stands there. */
function damaged(file: string, text: string, error: Error): Failure {
  const at = Number(/position (\d+)/.exec(error.message)?.[1] ?? text.length);
  const before = text.slice(0, at);
  const marks = [...before.matchAll(/"(seq|id)": (\d+|"[^"\n]*")/g)];
  const last = marks.at(-1);
  const near =
    last === undefined
      ? ''
      : `, in or after ${last[1] === 'seq' ? `entry ${last[2]} of the ledger` : `the entry ${last[2]}`}`;
  return failed(
    'not-sound',
    `${file} was damaged: it is no JSON from line ${before.split('\n').length} on${near}.`,
    'Ask for it again.',
  );
}

/** The same chain, as somebody else kept it. */
async function withLedger(reading: LedgerReading, { ledger }: CheckedExport, path: string): Promise<Compared> {
  if (ledger === null) return { ...nothing, wrong: ['it carries no entries of a ledger to compare'] };
  const wanted = new Map<number, Pick<ProofEntry, 'seq' | 'hash'>>(ledger.entries.map((entry) => [entry.seq, entry]));
  const end = ledger.head.entries - 1;
  if (end >= 0) wanted.set(end, { seq: end, hash: ledger.head.lastHash });
  const extract = await reading.extract(path, ({ seq }) => wanted.has(seq)).catch((error: Error) => error);
  if (extract instanceof Error) return { ...nothing, wrong: [`${path} cannot be read: ${extract.message}`] };
  const hashOf = new Map(extract.entries.map(({ seq, hash }) => [seq, hash]));
  const kept = [...wanted.values()].filter(({ seq }) => seq >= extract.first);
  const dropped = [...wanted.keys()].filter((seq) => seq < extract.first);
  const wrong = kept.flatMap(({ seq, hash }) =>
    hashOf.get(seq) === hash ? [] : [`${path} has ${hashOf.has(seq) ? 'another entry' : 'no entry'} ${seq}`],
  );
  const broken = extract.problem === null ? [] : [`${path}, ${extract.problem}`];
  if (broken.length + wrong.length > 0) return { ...nothing, wrong: [...broken, ...wrong] };
  const all = dropped.length === 0 ? 'all of it stands' : `${kept.length} of ${wanted.size} entries stand`;
  return {
    wrong: [],
    proved:
      kept.length === 0 && dropped.length > 0
        ? []
        : [`${all} in ${path}, in a chain of ${extract.head.entries} entries without a break`],
    notProved:
      dropped.length === 0
        ? []
        : [
            `that entries ${dropped.join(', ')} stood in ${path}: it keeps those from ${extract.first} on and says that it dropped what was before them. Another member may keep more`,
          ],
  };
}
