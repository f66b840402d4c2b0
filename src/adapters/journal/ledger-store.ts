/** The files of a ledger that is being written: the one that is appended to, and the closed ones before it. */
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { activeName, type Segment, segmentName } from '../../core/ledger-segments.ts';
import { type WallMs, wallMs } from '../../core/units.ts';
import type { LedgerEntry } from '../../ports/ledger.ts';
import type { LedgerDisk } from './ledger-disk.ts';

/** Closed files by name, and the one that is appended to as far as it is written. Its handle is the reader's to close. */
export interface StoreSnapshot {
  readonly closed: readonly string[];
  readonly active: { readonly name: string; readonly source: FileHandle; readonly bytes: number };
}

/** Nothing here runs twice at a time: whoever has it takes turns. */
export class LedgerStore {
  readonly #directory: string;
  readonly #disk: LedgerDisk;
  readonly #closed: Segment[];
  #file: FileHandle;
  /** Null while it has no entry. `name` is that of a closed one when it was renamed and the next file could not be opened. */
  #active: Segment | null;

  /** `file` is the active one, which holds `active`. */
  constructor(
    directory: string,
    disk: LedgerDisk,
    file: FileHandle,
    closed: readonly Segment[],
    active: Segment | null,
  ) {
    this.#directory = directory;
    this.#disk = disk;
    this.#file = file;
    this.#closed = [...closed];
    this.#active = active !== null && active.bytes > 0 ? active : null;
  }

  get closed(): readonly Segment[] {
    return this.#closed;
  }

  get activeBytes(): number {
    return this.#active?.bytes ?? 0;
  }

  /** Resolves when it is on disk. What a failed write left behind is cut off, now or before the next entry. */
  async write(entry: LedgerEntry, line: string): Promise<void> {
    try {
      await this.#cutOff();
      await this.#file.appendFile(line);
      await this.#file.datasync();
    } catch (error) {
      await this.#file.truncate(this.activeBytes).catch(() => undefined);
      throw error;
    }
    const at = wallMs(Date.parse(entry.wall));
    const before = this.#active;
    this.#active = {
      name: before?.name ?? activeName,
      first: before?.first ?? entry.seq,
      last: entry.seq,
      lastHash: entry.hash,
      fromWall: earlier(before?.fromWall ?? at, at),
      toWall: later(before?.toWall ?? at, at),
      bytes: this.activeBytes + Buffer.byteLength(line),
    };
  }

  /**
   * Closes the active file and goes on in a new one. Rejects when that failed: then it goes on in the same file, under
   * whichever name, and this may be called again. Whenever the process ends, each entry is in one file of the chain.
   */
  async rotate(): Promise<void> {
    if (this.#active === null) return;
    await this.#cutOff();
    const path = join(this.#directory, activeName);
    const name = segmentName(this.#active.first);
    if (this.#active.name === activeName) {
      await this.#disk.rename(path, join(this.#directory, name));
      this.#active = { ...this.#active, name };
    }
    const next = await this.#disk.open(path);
    try {
      // No entry may be in a file whose name a loss of power would take.
      await this.#disk.syncDirectory(this.#directory);
    } catch (error) {
      await next.close();
      throw error;
    }
    const before = this.#file;
    this.#file = next;
    this.#closed.push(this.#active);
    this.#active = null;
    // All of it is on the disk: what closing may complain of is nothing that was written.
    await before.close().catch(() => undefined);
  }

  /** Removes the oldest closed segment. Rejects when that failed. */
  async dropOldest(): Promise<void> {
    const oldest = this.#closed[0];
    if (oldest === undefined) return;
    await this.#disk.remove(join(this.#directory, oldest.name));
    this.#closed.shift();
  }

  /** What is in it by now is not changed any more, but closed files may be dropped. */
  async snapshot(): Promise<StoreSnapshot> {
    const name = this.#active?.name ?? activeName;
    return {
      closed: this.#closed.map((segment) => segment.name),
      active: { name, source: await open(join(this.#directory, name), 'r'), bytes: this.activeBytes },
    };
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #cutOff(): Promise<void> {
    if ((await this.#file.stat()).size !== this.activeBytes) await this.#file.truncate(this.activeBytes);
  }
}

const earlier = (a: WallMs, b: WallMs): WallMs => (a < b ? a : b);
const later = (a: WallMs, b: WallMs): WallMs => (a > b ? a : b);
