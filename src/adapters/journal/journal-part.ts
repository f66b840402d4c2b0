/** The decision journal of this host around an incident, and what its member knew of replication when that began. */
import { statSync } from 'node:fs';
import { type JournalLine, parseJournalLine } from '../../core/journal-line.ts';
import type { Found } from '../../core/sla/evidence/bundle.ts';
import { journalSummary } from '../../core/sla/evidence/journal-summary.ts';
import { replicationLines } from '../../core/sla/evidence/replication-text.ts';
import type { View } from '../../core/view.ts';
import { fileLines } from './file-lines.ts';
import { journalFiles } from './journal.ts';

/** More lines than that are a member going round in circles: the newest tell. */
const linesMax = 2_000;

export async function journalParts(
  directory: string,
  from: number,
  to: number,
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const lines: string[] = [];
  let before: { readonly wall: string; readonly view: View } | null = null;
  let problem: string | null = null;
  const take = (line: JournalLine): void => {
    const at = Date.parse(line.wall);
    if (line.kind === 'decided' && at <= from) before = line;
    if (at < from || at > to) return;
    lines.push(journalSummary(line));
    if (lines.length > linesMax) lines.shift();
  };
  try {
    for (const file of filesSince(directory, from)) {
      for await (const { text } of fileLines(file)) {
        if (signal.aborted) throw new Error('there was no time to read all of it');
        const line = parseJournalLine(text);
        if (line.ok) take(line.value);
      }
    }
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  const last = before as { readonly wall: string; readonly view: View } | null;
  const known = last === null ? [] : replicationLines(last.view);
  return [
    { source: 'journal', from: directory, problem, lines },
    {
      source: 'replication',
      from: `${directory}${last === null ? '' : `, at ${last.wall}`}`,
      problem: known.length === 0 ? 'nothing was known of replication when it began' : null,
      lines: known,
    },
  ];
}

/** The files that may hold something of that time or the newest line before it. */
function filesSince(directory: string, from: number): readonly string[] {
  const files = journalFiles(directory);
  const first = files.findIndex((file) => statSync(file).mtimeMs >= from);
  return first < 0 ? files.slice(-1) : files.slice(Math.max(0, first - 1));
}
