/** Makes a ledger ready to be carried on, after whatever ended the process before. */
import { mkdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { activeName } from '../../core/ledger-segments.ts';
import type { LedgerEntry } from '../../ports/ledger.ts';
import type { Log } from '../../ports/log.ts';
import type { ChainEnd } from './ledger-chain.ts';
import type { LedgerDisk } from './ledger-disk.ts';
import { namesIn } from './ledger-files.ts';
import { endOf, type FoundFile, readThrough } from './ledger-read.ts';
import { LedgerStore } from './ledger-store.ts';
import type { SegmentDropped } from './segment-dropped.ts';

export interface OpenedLedger {
  readonly store: LedgerStore;
  readonly end: ChainEnd;
  /** Why files were put aside, the end of the chain first. */
  readonly putAside: readonly string[];
  /** What the chain says was dropped last. */
  readonly dropped: SegmentDropped | null;
  /** The same, said only in a file that was put aside: the chain would begin without an account of it. */
  readonly droppedAside: SegmentDropped | null;
}

interface OpenOptions {
  readonly directory: string;
  readonly disk: LedgerDisk;
  readonly log: Log;
  /** For the names of files that are put aside. */
  readonly stamp: string;
  readonly seen: (entry: LedgerEntry) => void;
}

export async function openLedger({ directory, disk, log, stamp, seen }: OpenOptions): Promise<OpenedLedger> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const found: FoundFile[] = [];
  for (const name of await namesIn(directory)) found.push(await readThrough(directory, name, seen));
  const aside: FoundFile[] = [];
  for (let last = lastWithLines(found); last?.damage !== null && last !== undefined; last = lastWithLines(found)) {
    await putAside(last);
    found.splice(found.indexOf(last), 1);
    aside.push(last);
  }
  const end = endOf(found);
  // A line that was being written is at the end of the chain: in the last file that has any, or in an empty one after it.
  for (const each of found.slice(
    Math.max(
      found.findLastIndex(({ holds }) => holds.bytes > 0),
      0,
    ),
  ))
    if (each.tornBytes > 0) await cutOff(each);
  const file = await disk.open(join(directory, activeName));
  await disk.syncDirectory(directory);
  const active = found.find(({ name }) => name === activeName)?.holds ?? null;
  const closed = found.flatMap(({ name, holds }) => (name === activeName ? [] : [holds]));
  const dropped = newestDropped(found);
  return {
    store: new LedgerStore(directory, disk, file, closed, active),
    end,
    putAside: aside.flatMap(({ damage }) => damage ?? []),
    dropped,
    droppedAside: dropped === null && closed.length > 0 ? newestDropped(aside.toReversed()) : null,
  };

  async function putAside({ name, damage }: FoundFile): Promise<void> {
    const path = join(directory, name);
    const to = join(directory, `${name.replace(/\.ndjson$/, '')}.damaged-${stamp}.ndjson`);
    log.error('the ledger is damaged at its end; it is put aside and a new chain begins', {
      path,
      aside: to,
      problem: damage,
    });
    await disk.rename(path, to);
  }

  async function cutOff({ name, holds, tornBytes }: FoundFile): Promise<void> {
    const path = join(directory, name);
    log.warn('the last line of the ledger was cut off by a crash; the part that was written is removed', {
      path,
      bytes: tornBytes,
    });
    await truncate(path, holds.bytes);
    const file = await disk.open(path);
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

const lastWithLines = (found: readonly FoundFile[]): FoundFile | undefined =>
  found.findLast(({ holds }) => holds.bytes > 0);

const newestDropped = (inOrder: readonly FoundFile[]): SegmentDropped | null =>
  inOrder.findLast(({ dropped }) => dropped !== null)?.dropped ?? null;
