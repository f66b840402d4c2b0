/**
 * What members journal from a moment on. Only rule and event are read, not the views: it is asked every few
 * milliseconds while a fault is being aimed.
 */
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface JournalEntry {
  readonly member: string;
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  /** CLOCK_MONOTONIC: every member of a chaos cluster is on this machine. */
  readonly monoMs: number;
  readonly rule: string | null;
  readonly event: string | null;
  readonly because: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly intents: readonly { readonly kind: string }[];
}

const pollMs = 3;

export class JournalMark {
  readonly #directories: ReadonlyMap<string, string>;
  /** Bytes of each file that are read. */
  readonly #read = new Map<string, number>();
  readonly #entries: JournalEntry[] = [];

  constructor(directories: ReadonlyMap<string, string>) {
    this.#directories = directories;
    for (const directory of directories.values())
      for (const file of filesOf(directory)) this.#read.set(file, sizeOf(file));
  }

  /** All since the mark, in the order of their instants. */
  entries(): readonly JournalEntry[] {
    for (const [member, directory] of this.#directories)
      for (const file of filesOf(directory)) this.#entries.push(...this.#news(member, file));
    return this.#entries.toSorted((one, other) => one.monoMs - other.monoMs);
  }

  /** The first entry that `isIt`, now or within the limit; null when there is none. */
  async find(isIt: (entry: JournalEntry) => boolean, limitMs: number): Promise<JournalEntry | null> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const found = this.entries().find(isIt);
      if (found !== undefined) return found;
      if (performance.now() > deadline) return null;
      await sleep(pollMs);
    }
  }

  #news(member: string, file: string): readonly JournalEntry[] {
    const from = this.#read.get(file) ?? 0;
    const text = readFrom(file, from);
    const end = text.lastIndexOf('\n') + 1;
    this.#read.set(file, from + Buffer.byteLength(text.slice(0, end)));
    return text
      .slice(0, end)
      .split('\n')
      .flatMap((line) => entryOf(member, line));
  }
}

function filesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .toSorted()
      .map((file) => join(directory, file));
  } catch {
    return []; // Before the daemon's first start.
  }
}

function sizeOf(file: string): number {
  const opened = openSync(file, 'r');
  try {
    return fstatSync(opened).size;
  } finally {
    closeSync(opened);
  }
}

/** Nothing when the daemon has just deleted it as too old. */
function readFrom(file: string, from: number): string {
  let opened: number;
  try {
    opened = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
  try {
    const { size } = fstatSync(opened);
    const bytes = Buffer.alloc(Math.max(0, size - from));
    const count = readSync(opened, bytes, 0, bytes.length, from);
    return bytes.toString('utf8', 0, count);
  } finally {
    closeSync(opened);
  }
}

function entryOf(member: string, line: string): readonly JournalEntry[] {
  if (line === '') return [];
  try {
    const { wall, mono, rule, event, because, details, intents } = JSON.parse(line);
    return [
      {
        ...{ member, monoMs: mono, wallMs: Date.parse(wall) },
        ...{ rule: rule ?? null, event: event ?? null, because: because ?? null },
        ...{ details: details ?? {}, intents: intents ?? [] },
      },
    ];
  } catch {
    throw new Error(`the journal of ${member} has a line that is no JSON: ${line.slice(0, 400)}`);
  }
}
