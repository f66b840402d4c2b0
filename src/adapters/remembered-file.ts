/** Small files of one directory that are asked for many times a second and change seldom. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type MonoMs, type Ms, second } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';
import { readIfThere } from './durable-file.ts';
import { hasCode } from './system-error.ts';

/** Files carry times that are as coarse as that on some file systems: what changed lately may have changed again unseen. */
const settledAfterMs = 3 * second;
/** What was written over in its place does not show in its directory. */
const lookInsideEveryMs: Ms = 1 * second;

/** A file's name, and what its content means; null when there is none. */
export type Parsers<T> = {
  readonly [Name in keyof T]: readonly [file: string, parse: (content: string | null) => T[Name]];
};

/**
 * What the files say now. Files that are replaced, made or removed, as Baton does with its own, show in their directory:
 * while that is the same, one look at it stands for all of them. A file that is written over in its place is noticed
 * within a second.
 */
export function rememberFiles<T extends object>(
  directory: string,
  parsers: Parsers<T>,
  clock: Pick<Clock, 'mono' | 'wall'>,
): () => Promise<T> {
  const files = (Object.keys(parsers) as (keyof T)[]).map((name) => {
    const [file, parse] = parsers[name];
    return [name, rememberFile(join(directory, file), parse, clock)] as const;
  });
  let known: { readonly stamp: string; readonly lookedMono: MonoMs; readonly values: T } | null = null;
  return async () => {
    const lookedMono = clock.mono();
    // Before the files: what is replaced in between makes the next look go through them again.
    const looked = await lookAt(directory);
    if (known !== null && known.stamp === looked?.stamp && lookedMono - known.lookedMono < lookInsideEveryMs)
      return known.values;
    const entries = await Promise.all(files.map(async ([name, read]) => [name, await read()] as const));
    const values = Object.fromEntries(entries) as T;
    known = isSettled(looked, clock) ? { stamp: looked.stamp, lookedMono, values } : null;
    return values;
  };
}

function rememberFile<T>(
  path: string,
  parse: (content: string | null) => T,
  clock: Pick<Clock, 'wall'>,
): () => Promise<T> {
  let known: { readonly stamp: string; readonly value: T } | null = null;
  return async () => {
    const looked = await lookAt(path);
    if (known !== null && known.stamp === looked?.stamp) return known.value;
    const value = parse(await readIfThere(path));
    known = isSettled(looked, clock) ? { stamp: looked.stamp, value } : null;
    return value;
  };
}

interface Looked {
  readonly stamp: string;
  readonly changedWall: number;
}

const isSettled = (looked: Looked | null, { wall }: Pick<Clock, 'wall'>): looked is Looked =>
  looked !== null && wall() - looked.changedWall > settledAfterMs;

/** The kernel itself sets the time of the last change, whoever writes in whatever way. Null when nothing is there. */
async function lookAt(path: string): Promise<Looked | null> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = await stat(path, { bigint: true });
    return { stamp: [dev, ino, size, mtimeNs, ctimeNs].join(' '), changedWall: Number(ctimeMs) };
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}
