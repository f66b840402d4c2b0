/** `service-open.json`: the row of the outage ledger that goes on, written over and over. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceBookmark } from '../../ports/service-bookmark.ts';
import { formatServiceEntry, parseServiceEntry } from '../../wire/service-sheet.ts';
import { writeDurably } from '../durable-file.ts';

/** `directory` must be there. What cannot be read is as good as nothing: a minute of it would be missing anyway. */
export function createServiceBookmark({ directory, member }: { directory: string; member: string }): ServiceBookmark {
  const path = join(directory, 'service-open.json');
  return {
    read: () => {
      try {
        return parseServiceEntry(JSON.parse(readFileSync(path, 'utf8')))?.rows[0] ?? null;
      } catch {
        return null;
      }
    },
    keep: (row) => writeDurably(path, `${JSON.stringify(formatServiceEntry({ member, rows: [row] }))}\n`),
  };
}
