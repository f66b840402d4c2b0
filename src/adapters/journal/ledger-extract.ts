/** Takes some entries out of a ledger's files, with where its chain ends. */
import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import type { LedgerEntry, LedgerExtract } from '../../ports/ledger.ts';
import { ChainWalk } from './chain-walk.ts';
import { fileLines } from './file-lines.ts';
import { parseEntry } from './ledger-chain.ts';
import { withLedgerFiles } from './ledger-files.ts';

/** With the number of the first entry that is still there: those before it were dropped, and that is accounted for. */
export interface WholeExtract extends LedgerExtract {
  readonly first: number;
}

/** Of a whole ledger, a directory or one file: the chain is checked on the way. Rejects when it cannot be read. */
export const extractEntries = (path: string, wanted: (entry: LedgerEntry) => boolean): Promise<WholeExtract> =>
  withLedgerFiles(path, (files) => extractFiles(files, wanted, files[0] !== path));

async function extractFiles(
  files: readonly string[],
  wanted: (entry: LedgerEntry) => boolean,
  named: boolean,
): Promise<WholeExtract> {
  const entries: LedgerEntry[] = [];
  const walk = new ChainWalk();
  let problem: string | null = null;
  for (const path of files) {
    const where = named ? `${basename(path)}, ` : '';
    let lineNumber = 0;
    for await (const { text, complete } of fileLines(path)) {
      // The last line of all may be on its way to the disk.
      if (!complete && path === files.at(-1)) break;
      lineNumber += 1;
      const step = walk.step(text);
      const wrong = complete ? step.problem : 'is cut off';
      if (wrong !== null) problem ??= `${where}line ${lineNumber}: the entry ${wrong}`;
      if (step.entry !== null && wanted(step.entry)) entries.push(step.entry);
    }
  }
  problem ??= walk.beginning()?.problem ?? null;
  return { entries, head: walk.end, first: walk.first, problem };
}

/** Of one file of a ledger that goes on: its first `bytes`, and of those only the lines that have `mention` in them. */
export async function entriesMentioning(
  { name, source, bytes }: { readonly name: string; readonly source: string | FileHandle; readonly bytes: number },
  mention: string,
  wanted: (entry: LedgerEntry) => boolean,
): Promise<Pick<LedgerExtract, 'entries' | 'problem'>> {
  const entries: LedgerEntry[] = [];
  let [lineNumber, problem] = [0, null as string | null];
  for await (const { text, complete } of fileLines(source, bytes)) {
    lineNumber += 1;
    if (!complete || !text.includes(mention)) continue;
    const entry = parseEntry(text);
    if (!entry.ok) problem ??= `${name}, line ${lineNumber}: the entry ${entry.error}`;
    else if (wanted(entry.value)) entries.push(entry.value);
  }
  return { entries, problem };
}
