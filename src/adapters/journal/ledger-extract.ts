/** Takes some entries out of a ledger's file, with where its chain ends. */
import type { LedgerEntry, LedgerExtract } from '../../ports/ledger.ts';
import { fileLines } from './file-lines.ts';
import { EMPTY_CHAIN, linkEntry, parseEntry } from './ledger-chain.ts';

/** Of a ledger that nobody writes to: the whole chain is checked on the way. Rejects when the file cannot be read. */
export async function extractEntries(path: string, wanted: (entry: LedgerEntry) => boolean): Promise<LedgerExtract> {
  const entries: LedgerEntry[] = [];
  let end = EMPTY_CHAIN;
  let lineNumber = 0;
  let problem: string | null = null;
  for await (const { text, complete } of fileLines(path)) {
    if (!complete) break;
    lineNumber += 1;
    const linked = linkEntry(end, text);
    if (!linked.ok) problem ??= `line ${lineNumber}: the entry ${linked.error}`;
    const entry = parseEntry(text);
    if (!entry.ok) continue;
    end = { entries: entry.value.seq + 1, lastHash: entry.value.hash };
    if (wanted(entry.value)) entries.push(entry.value);
  }
  return { entries, head: end, problem };
}

/** Of one that is being written: its first `bytes`, and of those only the lines that have `mention` in them. */
export async function entriesMentioning(
  path: string,
  bytes: number,
  mention: string,
  wanted: (entry: LedgerEntry) => boolean,
): Promise<Pick<LedgerExtract, 'entries' | 'problem'>> {
  const entries: LedgerEntry[] = [];
  let [lineNumber, problem] = [0, null as string | null];
  if (bytes === 0) return { entries, problem };
  for await (const { text, complete } of fileLines(path, bytes)) {
    lineNumber += 1;
    if (!complete || !text.includes(mention)) continue;
    const entry = parseEntry(text);
    if (!entry.ok) problem ??= `line ${lineNumber}: the entry ${entry.error}`;
    else if (wanted(entry.value)) entries.push(entry.value);
  }
  return { entries, problem };
}
