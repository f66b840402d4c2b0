/** Reads one file of a ledger through, as it is found at the start. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { firstInName, type Segment } from '../../core/ledger-segments.ts';
import { wallMs } from '../../core/units.ts';
import type { LedgerEntry } from '../../ports/ledger.ts';
import { fileLines } from './file-lines.ts';
import { EMPTY_CHAIN, parseEntry } from './ledger-chain.ts';
import type { ChainEnd } from './ledger-chain.ts';
import { parseDropped, type SegmentDropped } from './segment-dropped.ts';

export interface FoundFile {
  readonly name: string;
  /** What its entries are; `bytes` is the length of the whole lines. */
  readonly holds: Segment;
  readonly tornBytes: number;
  /** Why the chain cannot go on from the last whole line. */
  readonly damage: string | null;
  /** The newest entry in it that says which segment was dropped. */
  readonly dropped: SegmentDropped | null;
}

/** Tells `seen` of every entry whose hash is right. Rejects when the file cannot be read. */
export async function readThrough(
  directory: string,
  name: string,
  seen: (entry: LedgerEntry) => void,
): Promise<FoundFile> {
  const path = join(directory, name);
  let [bytes, tornBytes, lineNumber] = [0, 0, 0];
  let [fromMs, toMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let first = firstInName(name);
  let last: LedgerEntry | null = null;
  let damage: string | null = null;
  let dropped: SegmentDropped | null = null;
  for await (const line of fileLines(path)) {
    if (!line.complete) {
      tornBytes = line.bytes;
      break;
    }
    lineNumber += 1;
    bytes += line.bytes;
    const parsed = parseEntry(line.text);
    damage = parsed.ok ? null : `${path}, line ${lineNumber}: the entry ${parsed.error}`;
    if (!parsed.ok) continue;
    last = parsed.value;
    first ??= Math.max(last.seq + 1 - lineNumber, 0);
    [fromMs, toMs] = [Math.min(fromMs, Date.parse(last.wall)), Math.max(toMs, Date.parse(last.wall))];
    dropped = parseDropped(last) ?? dropped;
    seen(last);
  }
  // Nothing in it that says when: then it is as old as the file.
  if (last === null) fromMs = toMs = Math.floor((await stat(path)).mtimeMs);
  const holds: Segment = {
    name,
    first: first ?? 0,
    last: last?.seq ?? null,
    lastHash: last?.hash ?? null,
    fromWall: wallMs(fromMs),
    toWall: wallMs(toMs),
    bytes,
  };
  return { name, holds, tornBytes, damage, dropped };
}

/** Where the chain ends after these, the last of which has an entry or nothing. */
export function endOf(files: readonly FoundFile[]): ChainEnd {
  const last = files.findLast(({ holds }) => holds.last !== null)?.holds;
  if (last === undefined || last.last === null || last.lastHash === null) return EMPTY_CHAIN;
  return { entries: last.last + 1, lastHash: last.lastHash };
}
