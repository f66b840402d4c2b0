/** A thread that plants mistakes: their copies of the source are loaded by Node itself, whoever runs the tests. */
import { parentPort } from 'node:worker_threads';
import { type Caught, catchMistake } from './catch-mistake.ts';
import { knownMistakes } from './index.ts';

export type Answer =
  | { readonly name: string; readonly ok: true; readonly caught: Caught | null }
  | { readonly name: string; readonly ok: false; readonly problem: string };

async function answerFor(name: string): Promise<Answer> {
  const mistake = knownMistakes[name];
  if (mistake === undefined) return { name, ok: false, problem: 'there is no such mistake' };
  try {
    return { name, ok: true, caught: await catchMistake(name, mistake) };
  } catch (error) {
    return { name, ok: false, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

parentPort?.on('message', (name: string) => {
  void answerFor(name).then((answer) => parentPort?.postMessage(answer));
});
