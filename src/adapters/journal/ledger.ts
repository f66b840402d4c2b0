/** `ledger.ndjson`: append-only, fsynced, each entry carrying the hash of the one before. */
import { mkdir, open, rename, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { err, ok } from '../../core/result.ts';
import type { Result } from '../../core/result.ts';
import type { Incident } from '../../core/sla/incident.ts';
import { wallMs } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ledger, LedgerCheck, LedgerEntry, LedgerExtract } from '../../ports/ledger.ts';
import type { Log } from '../../ports/log.ts';
import { syncDirectory } from '../durable-file.ts';
import { fileLines } from './file-lines.ts';
import { EMPTY_CHAIN, linkEntry, nextEntry, parseEntry } from './ledger-chain.ts';
import type { ChainEnd } from './ledger-chain.ts';
import { entriesMentioning } from './ledger-extract.ts';

export interface LedgerOptions {
  /** Made if missing. One process at a time. */
  readonly directory: string;
  readonly clock: Pick<Clock, 'wall'>;
  readonly log: Log;
}

/** Incidents kept in memory; older ones are in the file. */
const INCIDENTS_MAX = 1_000;
/** Entries of other kinds that are kept in memory at the start: years of quiet ones. Those of no kind here are not. */
const BODIES_MAX: Readonly<Record<string, number>> = {
  service: 100_000,
  record: 20_000,
  report: 10_000,
  evidence: 400,
  'near-miss': 5_000,
  contract: 10_000,
  notice: 1_000,
};
/** Appends that wait for the disk; more are refused. */
const WAITING_MAX = 1_000;

/**
 * Opens the ledger and reads it through. A last line that a crash cut off was never confirmed to anybody: it is cut
 * away and that is logged. A file whose last whole line is damaged cannot be carried on: it is put aside under another
 * name, untouched, and a new chain begins with an entry that names it. Damage further up is left for verify() to show.
 * Rejects when the directory or file cannot be read or written.
 */
export async function createLedger({ directory, clock, log }: LedgerOptions): Promise<Ledger> {
  const path = join(directory, 'ledger.ndjson');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const incidents = new Map<string, Incident>();
  const bodies = new Map<string, unknown[]>();
  const found = await readThrough(path, (entry) => {
    remember(incidents, entry);
    if (entry.kind !== 'incident') collect(bodies, entry);
  });
  let end = found.end;
  let size = found.bytes;
  if (found.damage !== null) {
    const aside = join(directory, `ledger.damaged-${stampOf(clock)}.ndjson`);
    log.error('the ledger is damaged at its end; it is put aside and a new chain begins', {
      path,
      aside,
      problem: found.damage,
    });
    await rename(path, aside);
    [end, size] = [EMPTY_CHAIN, 0];
  }
  const file = await open(path, 'a+', 0o600);
  if (found.damage === null && found.tornBytes > 0) {
    log.warn('the last line of the ledger was cut off by a crash; the part that was written is removed', {
      path,
      bytes: found.tornBytes,
    });
    await file.truncate(size);
    await file.sync();
  }
  await syncDirectory(directory);
  const ledger = new FileLedger(path, file, clock, { incidents, bodies }, end, size);
  if (found.damage !== null) await ledger.append('chain-begun-anew', { because: found.damage });
  return ledger;
}

class FileLedger implements Ledger {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #clock: Pick<Clock, 'wall'>;
  readonly #incidents: Map<string, Incident>;
  readonly #bodies: ReadonlyMap<string, readonly unknown[]>;
  #end: ChainEnd;
  #size: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  #extracting: Promise<unknown> = Promise.resolve();

  constructor(
    path: string,
    file: FileHandle,
    clock: Pick<Clock, 'wall'>,
    found: { readonly incidents: Map<string, Incident>; readonly bodies: ReadonlyMap<string, readonly unknown[]> },
    end: ChainEnd,
    size: number,
  ) {
    this.#path = path;
    this.#file = file;
    this.#clock = clock;
    this.#incidents = found.incidents;
    this.#bodies = found.bodies;
    this.#end = end;
    this.#size = size;
  }

  async append(kind: string, body: unknown): Promise<Result<LedgerEntry, string>> {
    if (this.#waiting >= WAITING_MAX) return err(`${this.#path}: ${WAITING_MAX} entries wait for the disk already`);
    this.#waiting += 1;
    const turn = this.#last.then(() => this.#appendNow(kind, body));
    this.#last = turn;
    const outcome = await turn;
    this.#waiting -= 1;
    return outcome;
  }

  /** Never rejects. What a failed write left behind is cut off, now or before the next entry. */
  async #appendNow(kind: string, body: unknown): Promise<Result<LedgerEntry, string>> {
    try {
      const { entry, line } = nextEntry(this.#end, rfc3339(this.#clock), kind, body);
      if ((await this.#file.stat()).size !== this.#size) await this.#file.truncate(this.#size);
      await this.#file.appendFile(line);
      await this.#file.datasync();
      this.#size += Buffer.byteLength(line);
      this.#end = { entries: entry.seq + 1, lastHash: entry.hash };
      remember(this.#incidents, entry);
      return ok(entry);
    } catch (error) {
      await this.#file.truncate(this.#size).catch(() => undefined);
      return err(`${this.#path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Waits for appends under way, so that it never sees half a line of theirs. */
  verify(): Promise<LedgerCheck> {
    const turn = this.#last.then(() => verifyLedger(this.#path));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** One at a time, and no append waits for it: what is on disk by now is not changed any more. */
  extract(mention: string, wanted: (entry: LedgerEntry) => boolean): Promise<LedgerExtract> {
    const turn = this.#extracting.then(async () => {
      const head = this.#end;
      return { ...(await entriesMentioning(this.#path, this.#size, mention, wanted)), head };
    });
    this.#extracting = turn.catch(() => undefined);
    return turn;
  }

  incidents(): readonly Incident[] {
    return [...this.#incidents.values()];
  }

  bodies(kind: string): readonly unknown[] {
    return this.#bodies.get(kind) ?? [];
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#file.close();
  }
}

/** Recomputes every hash of a file, also of one that no daemon holds. Rejects when it cannot be read. */
export async function verifyLedger(path: string): Promise<LedgerCheck> {
  let end = EMPTY_CHAIN;
  for await (const { text, complete } of fileLines(path)) {
    const linked = complete ? linkEntry(end, text) : err('is cut off');
    if (!linked.ok) {
      return {
        kind: 'broken',
        seq: end.entries,
        problem: `${path}, line ${end.entries + 1}: the entry ${linked.error}`,
      };
    }
    end = linked.value.end;
  }
  return { kind: 'intact', ...end };
}

interface Found {
  readonly end: ChainEnd;
  /** Length of the whole lines. */
  readonly bytes: number;
  readonly tornBytes: number;
  /** Why the chain cannot go on from the last whole line. */
  readonly damage: string | null;
}

async function readThrough(path: string, seen: (entry: LedgerEntry) => void): Promise<Found> {
  if (!(await exists(path))) return { end: EMPTY_CHAIN, bytes: 0, tornBytes: 0, damage: null };
  let end = EMPTY_CHAIN;
  let [bytes, tornBytes, lineNumber] = [0, 0, 0];
  let damage: string | null = null;
  for await (const line of fileLines(path)) {
    if (!line.complete) {
      tornBytes = line.bytes;
      break;
    }
    lineNumber += 1;
    bytes += line.bytes;
    const entry = parseEntry(line.text);
    damage = entry.ok ? null : `${path}, line ${lineNumber}: the entry ${entry.error}`;
    if (!entry.ok) continue;
    end = { entries: entry.value.seq + 1, lastHash: entry.value.hash };
    seen(entry.value);
  }
  return { end, bytes, tornBytes, damage };
}

function remember(incidents: Map<string, Incident>, { kind, body }: LedgerEntry): void {
  if (kind !== 'incident') return;
  const incident = body as Incident;
  if (incident?.v !== 1 || typeof incident.id !== 'string') return;
  incidents.set(incident.id, incident);
  for (const id of incidents.keys()) if (incidents.size > INCIDENTS_MAX) incidents.delete(id);
}

function collect(bodies: Map<string, unknown[]>, { kind, body }: LedgerEntry): void {
  const max = BODIES_MAX[kind];
  if (max === undefined) return;
  const ofKind = bodies.get(kind) ?? [];
  ofKind.push(body);
  if (ofKind.length > max) ofKind.shift();
  bodies.set(kind, ofKind);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

const rfc3339 = (clock: Pick<Clock, 'wall'>): string => new Date(wallMs(clock.wall())).toISOString();
const stampOf = (clock: Pick<Clock, 'wall'>): string => rfc3339(clock).replace(/[-:.]/g, '');
