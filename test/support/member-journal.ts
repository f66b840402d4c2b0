/** What one member's daemon has journalled, over all its runs, oldest first. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JournalLine, parseJournalLine } from '../../src/core/journal-line.ts';
import type { Rig } from '../../scripts/rig/rig.ts';

export function readJournal(rig: Rig, member: string): readonly JournalLine[] {
  const directory = join(rig.member(member).files.stateDir, 'journal');
  return readdirSync(directory)
    .toSorted()
    .flatMap((file) => readFileSync(join(directory, file), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .flatMap((line) => {
      const parsed = parseJournalLine(line);
      return parsed.ok ? [parsed.value] : [];
    });
}

export interface EndedOperation {
  readonly operation: string;
  readonly outcome: { readonly ok: boolean } & Record<string, unknown>;
}

/** Operations of that kind that ended, well or not. */
export const endedOperations = (rig: Rig, member: string, operation: string): readonly EndedOperation[] =>
  readJournal(rig, member).flatMap((line) =>
    line.kind === 'happened' && line.event === 'operation-ended' && line.details['operation'] === operation
      ? [line.details as unknown as EndedOperation]
      : [],
  );
