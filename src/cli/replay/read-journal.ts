/** A recorded journal on its way into a replay: what cannot be read is counted, and the rest goes on. */
import { type JournalLine, parseJournalLine, wallOfLine } from '../../core/journal-line.ts';
import { newReplay, type Replayed, replayed, replayLine, startAfter } from '../../core/replay/replay.ts';
import type { Overrides } from '../../core/replay/settings.ts';
import type { Result } from '../../core/result.ts';
import type { WallMs } from '../../core/units.ts';

/** What can read journals; the adapter is handed in. */
export interface JournalReading {
  /** The files of a journal, oldest first. The error says why there are none. */
  readonly files: (directory: string) => Result<readonly string[], string>;
  /** Their lines in order. Rejects when a file cannot be read. */
  readonly texts: (files: readonly string[]) => AsyncIterable<{ readonly text: string; readonly where: string }>;
}

export interface Unreadable {
  readonly count: number;
  /** The first few: where, and what is wrong. */
  readonly examples: readonly string[];
}

const examplesMax = 3;
const hasView = (text: string): boolean => text.includes('"view":{');

type Decided = Extract<JournalLine, { readonly kind: 'decided' }>;

/** The newest decision that can be read; null when there is none. */
export async function newestDecision(
  reading: JournalReading,
  files: readonly string[],
  signal: AbortSignal,
): Promise<Decided | null> {
  for (const file of files.toReversed()) {
    let found: Decided | null = null;
    // A view costs a hundred times its text to read: of those at the end the newest that can be read is wanted.
    const newest: string[] = [];
    for await (const { text } of reading.texts([file])) {
      signal.throwIfAborted();
      if (!hasView(text)) continue;
      newest.push(text);
      if (newest.length > 10) newest.shift();
    }
    for (const text of newest.toReversed()) found ??= decidedIn(text);
    if (found !== null) return found;
  }
  return null;
}

/** `since` null: all that there is. */
export async function replayFiles(
  reading: JournalReading,
  files: readonly string[],
  overrides: Overrides,
  since: WallMs | null,
  signal: AbortSignal,
): Promise<{ readonly replayed: Replayed; readonly unreadable: Unreadable }> {
  let state = newReplay(overrides);
  let earlier: string | null = null;
  let unreadable: Unreadable = { count: 0, examples: [] };
  for await (const { text, where } of reading.texts(files)) {
    signal.throwIfAborted();
    if (since !== null && Date.parse(wallOfLine(text) ?? '') < since) {
      if (hasView(text)) earlier = text;
      continue;
    }
    const line = parseJournalLine(text);
    if (!line.ok) {
      const examples = [...unreadable.examples, `${where}: ${line.error}`].slice(0, examplesMax);
      unreadable = { count: unreadable.count + 1, examples };
      continue;
    }
    const before = earlier === null ? null : decidedIn(earlier);
    if (before !== null) state = startAfter(state, before);
    earlier = null;
    state = replayLine(state, line.value);
  }
  return { replayed: replayed(state), unreadable };
}

function decidedIn(text: string): Decided | null {
  const line = parseJournalLine(text);
  return line.ok && line.value.kind === 'decided' ? line.value : null;
}
