/** `baton incident export ID`: one document of everything, as JSON that can be verified, or to be read. */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { err, ok, type Result } from '../../core/result.ts';
import { exportHtml } from '../../core/sla/export/html.ts';
import { exportJson, type IncidentExport, incidentExport } from '../../core/sla/export/incident-export.ts';
import { exportMarkdown } from '../../core/sla/export/markdown.ts';
import { caseFilesOfKeys } from '../../wire/case-entry.ts';
import { servedExportSchema } from '../../wire/incident-export.ts';
import { ask } from '../ask.ts';
import { type Failure, failed, refused } from '../failure.ts';
import { orFromEtcd } from '../fallback.ts';
import { incidentsOf } from '../incidents-of.ts';
import { promisesOf } from '../promises-of.ts';
import { wrapText } from '../terminal.ts';
import type { VerbContext, VerbResult } from '../verb.ts';
import { casesFrom, pick, readCases } from './read-cases.ts';
import { evidenceOf } from './read-evidence.ts';

export const EXPORT_FORMATS = ['json', 'md', 'html'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportOptions {
  /** Null: by the ending of `to`, else Markdown. */
  readonly format: ExportFormat | null;
  /** Null: to standard output. */
  readonly to: string | null;
  readonly version: string;
}

const renders: Readonly<Record<ExportFormat, (document: IncidentExport) => string>> = {
  json: exportJson,
  md: exportMarkdown,
  html: exportHtml,
};

export async function incidentExportVerb(context: VerbContext, wanted: string, options: ExportOptions): VerbResult {
  const read = await readCases(context);
  if (!read.ok) return read;
  const found = pick(read.value.value.cases, wanted);
  if (!found.ok) return found;
  const { id } = found.value.incident;
  const document = await readDocument(context, id, options.version);
  if (!document.ok) return document;
  const ending = EXPORT_FORMATS.find((each) => options.to?.endsWith(`.${each}`) === true);
  const format = options.format ?? ending ?? 'md';
  const text = renders[format](document.value);
  const { recordSha256, ledger } = document.value;
  if (ledger === null)
    context.terminal.err(
      wrapText(
        'No daemon answers: this is what etcd holds, without entries of a ledger. It can be read, and proves nothing.',
      ),
    );
  else if (!ledger.entries.some(({ kind }) => kind === 'incident'))
    context.terminal.err(
      wrapText(
        `The ledger of ${ledger.member} has what people added, and not the incident: ${document.value.incident.recordedBy} recorded it. An export that is made there proves it too.`,
      ),
    );
  if (options.to === null)
    return ok({ json: format === 'json' ? document.value : { format, recordSha256, text }, text: text.trimEnd() });
  const written = await writeNew(options.to, text);
  if (!written.ok) return written;
  return ok({
    json: { incident: id, format, file: options.to, recordSha256, provedBy: ledger?.member ?? null },
    text: [
      `Written to ${options.to}.`,
      `SHA-256 of the record: ${recordSha256}`,
      ...(format === 'json' ? [`Whoever gets it checks it with \`baton incident verify ${options.to}\`.`] : []),
    ].join('\n'),
  });
}

async function readDocument(
  context: VerbContext,
  id: string,
  version: string,
): Promise<Result<IncidentExport, Failure>> {
  const path = `/v1/incidents/${encodeURIComponent(id)}/export?format=json`;
  const answer = await orFromEtcd(context, await ask(context, path, servedExportSchema), (snapshot) => {
    const { recorded, files, cases } = casesFrom(incidentsOf(snapshot), caseFilesOfKeys(snapshot.entries));
    const incident = recorded.find((each) => each.id === id);
    if (incident === undefined)
      return err(failed('no-such-incident', `etcd has no incident ${id}.`, 'Take an id from `baton incident list`.'));
    const facts = {
      incident,
      entries: files.find((file) => file.incident === id)?.entries ?? [],
      all: cases.map((each) => each.incident),
      promises: promisesOf(snapshot, context.clock.wall()),
      evidence: evidenceOf(snapshot, id),
      ledger: null,
      exportedAt: new Date(context.clock.wall()).toISOString(),
      madeBy: version,
    };
    return ok(incidentExport(facts, (text) => createHash('sha256').update(text, 'utf8').digest('hex')));
  });
  return answer.ok ? ok(answer.value.value) : answer;
}

/** A file that is there may be what somebody was sent: it is never overwritten. */
async function writeNew(path: string, text: string): Promise<Result<void, Failure>> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return ok(undefined);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST')
      return err(refused('file-is-new', `${path} is there already. Nothing was written.`, 'Give another name.'));
    return err(
      failed('not-written', `${path}: ${(thrown as Error).message}`, 'Give a file in a directory where you may write.'),
    );
  }
}
