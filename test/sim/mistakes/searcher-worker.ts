/** A thread that searches for one mistake by seeds alone. It ends with its answer, and its copy of the product with it. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Found, type Search, searchMistake } from './catch-mistake.ts';
import { knownMistakes } from './index.ts';

export interface Asked extends Search {
  readonly name: string;
}

export type Searched =
  | { readonly ok: true; readonly found: Found | null }
  | { readonly ok: false; readonly problem: string };

async function search({ name, ...lives }: Asked): Promise<Searched> {
  const mistake = knownMistakes[name];
  if (mistake === undefined) return { ok: false, problem: 'there is no such mistake' };
  try {
    return { ok: true, found: await searchMistake(name, mistake, lives) };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.postMessage(await search(workerData as Asked));
