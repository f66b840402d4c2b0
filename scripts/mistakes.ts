/** `npm run mistakes -- --help` */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { renderTable, shorten } from '../src/cli/table.ts';
import { knownMistakes } from '../test/sim/mistakes/index.ts';
import type { Asked, Searched } from '../test/sim/mistakes/searcher-worker.ts';

const usage = `npm run mistakes -- [options] [NAME...]

Plants each known mistake (or those that are named), and lives seeds with faults of every kind until something is
violated: how much luck is needed where no scenario aims. Each life that shows a mistake is lived again without it, and
must be clean then.

  --seeds N      how many lives at most for each (500)
  --from N       the first seed (1)
  --seconds N    how long things go wrong in each life, in virtual seconds (30)
  --threads N    how many mistakes are searched for at a time (one per core)
  --help         this text

Exit code: 0 when every mistake showed, 1 when one did not or could not be searched for, 2 for an option that makes no
sense.
`;

interface Options extends Omit<Asked, 'name'> {
  readonly names: readonly string[];
  readonly threads: number;
}

interface Result {
  readonly name: string;
  readonly searched: Searched;
  readonly tookMs: number;
}

const shownMax = 90;

try {
  const options = readOptions();
  if (options === null) process.stdout.write(usage);
  else {
    const results = await searchAll(options);
    process.stdout.write(`${summaryOf(results, options.seeds)}\n`);
    process.exitCode = results.every(({ searched }) => searched.ok && searched.found !== null) ? 0 : 1;
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

function readOptions(): Options | null {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seeds: { type: 'string', default: '500' },
      from: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '30' },
      threads: { type: 'string', default: String(availableParallelism()) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  for (const name of positionals)
    if (knownMistakes[name] === undefined)
      throw new RangeError(`there is no mistake ${name}, only\n  ${Object.keys(knownMistakes).join('\n  ')}`);
  return {
    names: positionals.length > 0 ? positionals : Object.keys(knownMistakes),
    seeds: whole('seeds', values.seeds, 1),
    fromSeed: whole('from', values.from, 0),
    seconds: whole('seconds', values.seconds, 1),
    threads: whole('threads', values.threads, 1),
  };
}

/** Each thread takes the next mistake when it is done with one. */
async function searchAll({ names, threads, ...lives }: Options): Promise<readonly Result[]> {
  const results = new Map<string, Result>();
  const left = names.values();
  const thread = async () => {
    for (const name of left) {
      const result = await searchFor({ name, ...lives });
      results.set(name, result);
      process.stderr.write(`${results.size} of ${names.length}: ${name}: ${outcomeOf(result, lives.seeds)}\n`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, names.length) }, thread));
  return names.flatMap((name) => results.get(name) ?? []);
}

async function searchFor(asked: Asked): Promise<Result> {
  const started = performance.now();
  const worker = new Worker(new URL('../test/sim/mistakes/searcher-worker.ts', import.meta.url), {
    workerData: asked,
    resourceLimits: { maxYoungGenerationSizeMb: 64 },
  });
  const searched = await once(worker, 'message').then(
    ([answer]) => answer as Searched,
    (error: unknown): Searched => ({ ok: false, problem: error instanceof Error ? error.message : String(error) }),
  );
  await worker.terminate();
  return { name: asked.name, searched, tookMs: performance.now() - started };
}

function outcomeOf({ searched }: Result, seeds: number): string {
  if (!searched.ok) return `FAILED: ${searched.problem}`;
  return searched.found === null ? `in none of ${seeds} lives` : `${searched.found.by}: ${searched.found.shows}`;
}

function summaryOf(results: readonly Result[], seeds: number): string {
  const rows = results.map(({ name, searched, tookMs }) => {
    const seconds = String(Math.round(tookMs / 1_000));
    if (!searched.ok) return [name, '-', 'FAILED', seconds, shorten(searched.problem, shownMax)];
    const { found } = searched;
    if (found === null) return [name, `> ${seeds}`, 'MISSED', seconds, ''];
    return [name, String(found.lives), found.by, seconds, shorten(found.shows, shownMax)];
  });
  const missed = results.filter(({ searched }) => !searched.ok || searched.found === null).length;
  const columns = [
    { head: 'MISTAKE' },
    { head: 'LIVES', align: 'right' as const },
    { head: 'CAUGHT BY' },
    { head: 'S', align: 'right' as const },
    { head: 'WHAT IT SHOWS' },
  ];
  return `${renderTable(columns, rows)}\n${results.length - missed} of ${results.length} mistakes caught`;
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new RangeError(`--${name} ${text}: a whole number from ${least} is wanted`);
}
