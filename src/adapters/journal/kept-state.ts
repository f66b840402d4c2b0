/** `kept.json`: the few facts that must survive a restart of the daemon. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type KeptFacts, type KeptState, nothingKept } from '../../ports/journal.ts';
import { writeDurably } from '../durable-file.ts';

/** Crashes: only those within a window count, so the newest are enough. */
const TIMES_MAX = 100;

const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
/** Operators are told to take single facts out (after an etcd was restored on purpose): a missing one is its default. */
const schema = z.object({
  v: z.literal(1),
  etcdClusterId: z.string().nullable().default(null),
  highestRevision: count.default(0),
  highestTerm: count.default(0),
  lastLedTerm: count.nullable().default(null),
  crashesWallMs: z.array(z.number()).readonly().default([]),
  hold: z
    .object({ code: z.enum(['etcd-went-back', 'etcd-replaced']), reason: z.string() })
    .nullable()
    .default(null),
  initializedCopyId: z.string().nullable().default(null),
});

/**
 * Reads the file at once; a missing one means a member that never ran. Throws an Error that names the file and says
 * what to do when it is there and cannot be used: starting without it would forget the highest term (I11).
 * `directory` is made if missing.
 */
export function createKeptState({ directory }: { readonly directory: string }): KeptState {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'kept.json');
  let facts = readFacts(path);
  let writing: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | null = null;

  return {
    read: () => facts,
    write: (news) => {
      facts = { ...facts, ...news };
      facts = { ...facts, crashesWallMs: facts.crashesWallMs.slice(-TIMES_MAX) };
      // All calls while one write is under way share the next: it writes what is newest when it begins.
      waiting ??= writing
        .catch(() => undefined)
        .then(() => {
          waiting = null;
          writing = writeDurably(path, `${JSON.stringify({ v: 1, ...facts }, null, 2)}\n`);
          return writing;
        });
      return waiting;
    },
  };
}

function readFacts(path: string): KeptFacts {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return nothingKept;
    throw new Error(
      `cannot read ${path}: ${(error as Error).message}. Mend its owner and mode (0600, the user of batond)`,
    );
  }
  try {
    const { v: _v, ...facts } = schema.parse(JSON.parse(text));
    return facts;
  } catch (error) {
    const problem =
      error instanceof z.ZodError ? z.prettifyError(error).replace(/\s+/g, ' ') : (error as Error).message;
    throw new Error(
      `${path} is damaged: ${problem}. It holds the highest term that this host has seen, which tells a restored etcd ` +
        'from a true one. Bring it back from a backup; or, only when you are sure that etcd was not restored or replaced ' +
        'since this member last ran, move the file away and start again',
      { cause: error },
    );
  }
}
