/** The decision journal around an incident in lines that a person reads: without the views, which the file has. */
import type { JournalLine } from '../../journal-line.ts';

export function journalSummary(line: JournalLine): string {
  if (line.kind === 'decided') {
    const intents = line.intents.map((intent) =>
      intent.kind === 'operate' ? `${intent.kind} ${intent.operation.kind}` : intent.kind,
    );
    return `${line.wall} ${line.rule}: ${line.because}${intents.length === 0 ? '' : ` [${intents.join(', ')}]`}`;
  }
  return `${line.wall} ${line.event} ${JSON.stringify(line.details, textOfBigint)}`;
}

const textOfBigint = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
