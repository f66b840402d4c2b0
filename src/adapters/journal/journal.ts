/** The decision journal in files: bounded on disk and in memory, and never in the way of the loop that writes it. */
import { readdirSync } from 'node:fs';
import { mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { formatDecided, formatHappened, formatSampled } from '../../core/journal-line.ts';
import type { LineStamp } from '../../core/journal-line.ts';
import { MiB } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Journal } from '../../ports/journal.ts';
import type { Log } from '../../ports/log.ts';

export interface JournalOptions {
  /** Made if missing; nothing else may put `journal-*.ndjson` there. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** A file that has reached this is followed by the next. */
  readonly fileBytesMax?: number;
  /** Older files are deleted: beyond so many bytes of all, and beyond so many. A daemon that keeps ending writes many small ones. */
  readonly keptBytesMax?: number;
  readonly filesMax?: number;
  /** Lines that wait for the disk; more are dropped and counted (the gap in `seq` shows how many). */
  readonly queueBytesMax?: number;
}

export interface FileJournal extends Journal {
  /** Resolves when everything that was queued is written or has failed. Lines after it are dropped. */
  close(): Promise<void>;
}

/**
 * Files are named `journal-YYYYMMDD-HHMMSSmmm-PID.ndjson` after their first line, UTC. A disk that stalls or is full
 * costs lines, never time: writing happens behind the caller, and a failure is logged once until writing works again.
 */
export function createJournal(options: JournalOptions): FileJournal {
  const { directory, clock, log, fileBytesMax = 8 * MiB, queueBytesMax = 8 * MiB } = options;
  const { keptBytesMax = 64 * MiB, filesMax = 500 } = options;
  const file = new JournalFile(directory, keptBytesMax, filesMax);
  let queue: string[] = [];
  let queuedBytes = 0;
  let seq = 0;
  let dropped = 0;
  let failing = false;
  let closed = false;
  let pump: Promise<void> | null = null;

  const stamp = (): LineStamp => ({ seq: seq++, wall: clock.wall(), mono: clock.mono() });

  const enqueue = (format: () => string): void => {
    if (closed) return;
    try {
      const line = format();
      const bytes = Buffer.byteLength(line);
      if (queuedBytes + bytes > queueBytesMax) {
        dropped += 1;
        return;
      }
      queue.push(line);
      queuedBytes += bytes;
    } catch (error) {
      dropped += 1;
      log.error('a journal line could not be made', { problem: String(error) });
    }
    pump ??= drain();
  };

  /** Never rejects: nobody waits for it but close(). */
  const drain = async (): Promise<void> => {
    await null; // lines of one turn of the loop go out together
    while (queue.length > 0) {
      const text = queue.join('');
      queue = [];
      try {
        if (file.bytes >= fileBytesMax) await file.close();
        await file.write(text, clock.wall());
        if (failing || dropped > 0) log.warn('journal lines were lost', { dropped, directory });
        failing = false;
        dropped = 0;
      } catch (error) {
        if (!failing)
          log.error('the journal cannot be written; nothing else depends on it', { directory, problem: String(error) });
        failing = true;
        dropped += text.split('\n').length - 1;
        await file.close();
      }
      queuedBytes = queue.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
    }
    pump = null;
  };

  return {
    decided: (view, decision, why) =>
      enqueue(() => (why === 'doubt' ? formatSampled : formatDecided)(stamp(), view, decision)),
    happened: (event, details) => enqueue(() => formatHappened(stamp(), event, details)),
    close: async () => {
      closed = true;
      await pump;
      await file.close();
    },
  };
}

const NAME = /^journal-\d{8}-\d{9}-\d+\.ndjson$/;

/** Oldest first. */
export const journalFiles = (directory: string): readonly string[] =>
  readdirSync(directory)
    .filter((name) => NAME.test(name))
    .toSorted()
    .map((name) => join(directory, name));

class JournalFile {
  bytes = 0;
  #handle: FileHandle | null = null;
  readonly #directory: string;
  readonly #keptBytesMax: number;
  readonly #filesMax: number;

  constructor(directory: string, keptBytesMax: number, filesMax: number) {
    this.#directory = directory;
    this.#keptBytesMax = keptBytesMax;
    this.#filesMax = filesMax;
  }

  /** Opens the next file when none is open. */
  async write(text: string, wall: number): Promise<void> {
    this.#handle ??= await this.#open(wall);
    await this.#handle.appendFile(text);
    this.bytes += Buffer.byteLength(text);
  }

  /** Never fails: what was written is written. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    this.bytes = 0;
    await handle?.close().catch(() => undefined);
  }

  async #open(wall: number): Promise<FileHandle> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const at = new Date(wall)
      .toISOString()
      .replace(/[-:.Z]/g, '')
      .replace('T', '-');
    const handle = await open(join(this.#directory, `journal-${at}-${process.pid}.ndjson`), 'a', 0o600);
    this.bytes = (await handle.stat()).size;
    await this.#deleteOld().catch(() => undefined);
    return handle;
  }

  async #deleteOld(): Promise<void> {
    const names = (await readdir(this.#directory)).filter((name) => NAME.test(name)).toSorted();
    let kept = 0;
    let bytes = 0;
    for (const path of names.toReversed().map((name) => join(this.#directory, name))) {
      bytes += (await stat(path)).size;
      kept += 1;
      if (kept > this.#filesMax || bytes > this.#keptBytesMax) await unlink(path);
    }
  }
}
