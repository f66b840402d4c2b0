/**
 * A process that lives what it is told, one life after the other, and tells what came of each. It ends with its parent,
 * whatever that died of, and leaves an interrupt from the terminal to it.
 */
import { flushCompileCache } from 'node:module';
import { type Life, type Lived, live } from './life.ts';

export interface Asked {
  readonly life: Life;
  readonly eventsMax: number;
}

export type Told =
  /** `cpuMicros`: of this process since it began, its start included. */
  | { readonly kind: 'lived'; readonly lived: Lived; readonly cpuMicros: number }
  /** The simulator itself failed. */
  | { readonly kind: 'failed'; readonly life: Life; readonly problem: string };

const tell = (told: Told) => process.send?.(told);

let compiledKept = false;

/** Its parent kills it, so that it never ends as Node would have it: it keeps what it compiled after its first life. */
function keepCompiled(): void {
  if (!compiledKept) flushCompileCache();
  compiledKept = true;
}

process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', ({ life, eventsMax }: Asked) => {
  live(life, eventsMax).then(
    (whole) => {
      keepCompiled();
      const lived = whole.violations.length > 0 ? whole : { ...whole, events: [] };
      const { user, system } = process.cpuUsage();
      tell({ kind: 'lived', lived, cpuMicros: user + system });
    },
    (error: unknown) => {
      tell({ kind: 'failed', life, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    },
  );
});
