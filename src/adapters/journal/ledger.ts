/** The ledger in files: append-only, fsynced, each entry carrying the hash of the one before; bounded in size and age. */
import { join } from 'node:path';
import {
  activeName,
  type LedgerRetention,
  segmentBytesDefault,
  whyToDrop,
  type WhyDropped,
} from '../../core/ledger-segments.ts';
import { err, ok } from '../../core/result.ts';
import type { Result } from '../../core/result.ts';
import type { Incident } from '../../core/sla/incident.ts';
import { wallMs } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ledger, LedgerCheck, LedgerEntry, LedgerExtract } from '../../ports/ledger.ts';
import type { Log } from '../../ports/log.ts';
import { hasCode } from '../system-error.ts';
import { nextEntry } from './ledger-chain.ts';
import { ledgerDisk, type LedgerDisk } from './ledger-disk.ts';
import { entriesMentioning } from './ledger-extract.ts';
import { LedgerMemory } from './ledger-memory.ts';
import { openLedger, type OpenedLedger } from './ledger-open.ts';
import { DROPPED_KIND, segmentDropped } from './segment-dropped.ts';
import { verifyLedger } from './ledger-verify.ts';

export interface LedgerOptions {
  /** Made if missing. One process at a time. */
  readonly directory: string;
  readonly clock: Pick<Clock, 'wall'>;
  readonly log: Log;
  readonly retention: LedgerRetention;
  /** A file that has reached this is followed by the next. */
  readonly segmentBytes?: number;
  readonly disk?: LedgerDisk;
}

/** Appends that wait for the disk; more are refused. */
const WAITING_MAX = 1_000;

/**
 * Opens the ledger and reads it through. A last line that a crash cut off was never confirmed to anybody: it is cut
 * away and that is logged. A file whose last whole line is damaged cannot be carried on: it is put aside under another
 * name, untouched, and the chain begins anew after what was closed before it, with an entry that names it. Damage
 * further up is left for verify() to show. Rejects when the directory or a file cannot be read or written.
 */
export async function createLedger(options: LedgerOptions): Promise<Ledger> {
  const { directory, clock, log, disk = ledgerDisk } = options;
  const memory = new LedgerMemory();
  const stamp = rfc3339(clock).replace(/[-:.]/g, '');
  const opened = await openLedger({ directory, disk, log, stamp, seen: (entry) => memory.collect(entry) });
  const ledger = new FileLedger(options, memory, opened);
  for (const because of opened.putAside) await ledger.append('chain-begun-anew', { because });
  if (opened.droppedAside !== null) await ledger.append(DROPPED_KIND, opened.droppedAside);
  await ledger.keepHouse();
  return ledger;
}

class FileLedger implements Ledger {
  readonly #options: LedgerOptions;
  readonly #memory: LedgerMemory;
  readonly #store: OpenedLedger['store'];
  #end: OpenedLedger['end'];
  /** Segments that begin with this entry or before it are accounted for in the chain, and only to be removed. */
  #droppedFirst: number;
  /** What was logged of a file that could not be closed or removed, until it could. */
  readonly #troubles = new Map<string, string>();
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  #extracting: Promise<unknown> = Promise.resolve();

  constructor(options: LedgerOptions, memory: LedgerMemory, { store, end, dropped }: OpenedLedger) {
    this.#options = options;
    this.#memory = memory;
    this.#store = store;
    this.#end = end;
    this.#droppedFirst = dropped?.first ?? -1;
  }

  async append(kind: string, body: unknown): Promise<Result<LedgerEntry, string>> {
    if (this.#waiting >= WAITING_MAX) return err(`${this.#path}: ${WAITING_MAX} entries wait for the disk already`);
    this.#waiting += 1;
    const turn = this.#last.then(() => this.#appendNow(kind, body));
    this.#last = turn.then(() => this.#keepHouseNow());
    const outcome = await turn;
    this.#waiting -= 1;
    return outcome;
  }

  /** Closes the file when it is full and drops what is kept no longer. Never rejects: what failed is tried again. */
  keepHouse(): Promise<void> {
    const turn = this.#last.then(() => this.#keepHouseNow());
    this.#last = turn;
    return turn;
  }

  /** Waits for appends under way, so that it never sees half a line of theirs. */
  verify(): Promise<LedgerCheck> {
    const turn = this.#last.then(() => verifyLedger(this.#options.directory));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** One at a time, and no append waits for it: what is on disk by now is not changed any more. */
  extract(mention: string, wanted: (entry: LedgerEntry) => boolean): Promise<LedgerExtract> {
    const turn = this.#extracting.then(() => this.#extractNow(mention, wanted));
    this.#extracting = turn.catch(() => undefined);
    return turn;
  }

  incidents(): readonly Incident[] {
    return this.#memory.incidents();
  }

  bodies(kind: string): readonly unknown[] {
    return this.#memory.bodies(kind);
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#store.close();
  }

  get #path(): string {
    return join(this.#options.directory, activeName);
  }

  /** Never rejects. */
  async #appendNow(kind: string, body: unknown): Promise<Result<LedgerEntry, string>> {
    try {
      const { entry, line } = nextEntry(this.#end, rfc3339(this.#options.clock), kind, body);
      await this.#store.write(entry, line);
      this.#end = { entries: entry.seq + 1, lastHash: entry.hash };
      this.#memory.remember(entry);
      return ok(entry);
    } catch (error) {
      return err(`${this.#path}: ${messageOf(error)}`);
    }
  }

  async #keepHouseNow(): Promise<void> {
    const { segmentBytes = segmentBytesDefault } = this.#options;
    if (this.#store.activeBytes >= segmentBytes)
      await this.#tried('a full file of the ledger could not be closed; it is written on and tried again', () =>
        this.#store.rotate(),
      );
    await this.#tried('a segment of the ledger could not be dropped; it is tried again', async () => {
      for (let why = this.#whyToDrop(); why !== null; why = this.#whyToDrop()) {
        if (why !== 'accounted') await this.#account(why);
        await this.#store.dropOldest();
      }
    });
  }

  #whyToDrop(): WhyDropped | 'accounted' | null {
    const { clock, retention } = this.#options;
    const { closed, activeBytes } = this.#store;
    const oldest = closed[0];
    if (oldest !== undefined && oldest.first <= this.#droppedFirst) return 'accounted';
    return whyToDrop(closed, activeBytes, clock.wall(), retention);
  }

  /** The chain says what is missing before it is. */
  async #account(why: WhyDropped): Promise<void> {
    const oldest = this.#store.closed[0];
    if (oldest === undefined) return;
    const body = segmentDropped(oldest, why);
    const entry = await this.#appendNow(DROPPED_KIND, body);
    if (!entry.ok) throw new Error(entry.error);
    this.#droppedFirst = oldest.first;
    const { directory, log } = this.#options;
    const fields = { path: join(directory, oldest.name), ...body };
    if (why === 'size')
      log.warn('the oldest segment of the ledger is dropped: all of it is larger than ledger.maxSize', fields);
    else log.info('a segment of the ledger is dropped: all of it is older than ledger.keep', fields);
  }

  /** One line for each trouble, however often it is tried, and one when it is over. */
  async #tried(message: string, work: () => Promise<void>): Promise<void> {
    const { log, directory } = this.#options;
    try {
      await work();
      if (this.#troubles.delete(message))
        log.info('the files of the ledger are as they should be again', { directory });
    } catch (error) {
      const problem = messageOf(error);
      if (this.#troubles.get(message) !== problem) log.warn(message, { directory, problem });
      this.#troubles.set(message, problem);
    }
  }

  async #extractNow(mention: string, wanted: (entry: LedgerEntry) => boolean): Promise<LedgerExtract> {
    const turn = this.#last.then(async () => ({ head: this.#end, ...(await this.#store.snapshot()) }));
    this.#last = turn.catch(() => undefined);
    const { head, closed, active } = await turn;
    const parts: Pick<LedgerExtract, 'entries' | 'problem'>[] = [];
    const read = async (name: string, source: Parameters<typeof entriesMentioning>[0]['source'], bytes: number) =>
      parts.push(await entriesMentioning({ name, source, bytes }, mention, wanted));
    try {
      for (const name of closed)
        await read(name, join(this.#options.directory, name), Number.POSITIVE_INFINITY).catch((error: unknown) => {
          // Dropped since: as if it had been asked for a moment later.
          if (!hasCode(error, 'ENOENT')) throw error;
        });
      await read(active.name, active.source, active.bytes);
    } finally {
      await active.source.close();
    }
    return {
      entries: parts.flatMap(({ entries }) => entries),
      head,
      problem: parts.find(({ problem }) => problem !== null)?.problem ?? null,
    };
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const rfc3339 = (clock: Pick<Clock, 'wall'>): string => new Date(wallMs(clock.wall())).toISOString();
