/** The decision journal of this host around an incident, and what its member knew of replication when that began. */
import { statSync } from 'node:fs';
import { parseJournalLine, wallOfLine } from '../../core/journal-line.ts';
import type { Found } from '../../core/sla/evidence/bundle.ts';
import { journalSummary } from '../../core/sla/evidence/journal-summary.ts';
import { replicationLines } from '../../core/sla/evidence/replication-text.ts';
import type { View } from '../../core/view.ts';
import type { Stretch } from '../../ports/evidence.ts';
import { fileLines } from './file-lines.ts';
import { journalFiles } from './journal.ts';

/** More lines than that are a member going round in circles: the newest tell. */
const linesMax = 2_000;

export async function journalParts(
  directory: string,
  { from, to, begin }: Stretch,
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const lines: string[] = [];
  let dropped = 0;
  let earlier: string | null = null;
  let problem: string | null = null;
  // A view costs a hundred times its timestamp to read, and this host has a failover behind it.
  const take = (text: string): void => {
    const at = Date.parse(wallOfLine(text) ?? '');
    if (at <= begin && hasView(text)) earlier = text;
    if (!(at >= from && at <= to) || isSample(text)) return;
    const line = parseJournalLine(text);
    if (line.ok) lines.push(journalSummary(line.value));
    if (lines.length > linesMax) {
      lines.shift();
      dropped += 1;
    }
  };
  try {
    for (const file of filesSince(directory, from)) {
      for await (const { text } of fileLines(file)) {
        if (signal.aborted) throw new Error('there was no time to read all of it');
        take(text);
      }
    }
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  const last = viewIn(earlier);
  const known = last === null ? [] : replicationLines(last.view);
  const notRead = dropped === 0 ? undefined : `${dropped} ${dropped === 1 ? 'line' : 'lines'}`;
  const journal: Found = { source: 'journal', from: directory, problem, lines, notRead };
  if (begin < from) return [journal];
  return [
    journal,
    {
      source: 'replication',
      from: `${directory}${last === null ? '' : `, at ${last.wall}`}`,
      problem: known.length === 0 ? 'nothing was known of replication when it began' : null,
      lines: known,
    },
  ];
}

/** Of a doubt: what was decided on it stands in the line of that decision already. */
const isSample = (text: string): boolean => text.includes('"sample":true,"intents":[],"view":{');
const hasView = (text: string): boolean => text.includes('"view":{');

function viewIn(text: string | null): { readonly wall: string; readonly view: View } | null {
  const line = text === null ? null : parseJournalLine(text);
  return line?.ok === true && line.value.kind === 'decided' ? line.value : null;
}

/** The files that may hold something of that time or the newest line before it. */
function filesSince(directory: string, from: number): readonly string[] {
  const files = journalFiles(directory);
  const first = files.findIndex((file) => statSync(file).mtimeMs >= from);
  return first < 0 ? files.slice(-1) : files.slice(Math.max(0, first - 1));
}
