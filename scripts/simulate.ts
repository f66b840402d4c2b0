/** `npm run simulate -- --help` */
import { closeSync, openSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { lifeJournal } from '../test/sim/life-journal.ts';
import { type Life, type Lived, live, modeOf, replayOf } from '../test/sim/run/life.ts';
import { runLives } from '../test/sim/run/lives.ts';
import { readOptions, type SimulateOptions, usage } from '../test/sim/run/options.ts';
import { summaryOf } from '../test/sim/run/summary.ts';

/** Of this many lives the violation is printed with its events; of the others it is counted. */
const printedMax = 10;
const progressEveryMs = 10_000;
/** Minutes where seconds are normal. */
const lifeLimitMs = 300_000;

const options = readOptions(process.argv.slice(2), availableParallelism());
if (!options.ok) {
  process.stderr.write(`${options.error}\n`);
  process.exitCode = 2;
} else if (options.value === null) process.stdout.write(usage);
else if (options.value.single) await liveOne(options.value);
else await liveMany(options.value);

function lifeOf(seed: number, { mode, members, seconds }: SimulateOptions): Life {
  return { seed, mode: modeOf(seed, mode), members, seconds };
}

async function liveOne(options: SimulateOptions): Promise<void> {
  const life = lifeOf(options.firstSeed, options);
  const started = performance.now();
  const cpu = process.cpuUsage();
  const file = options.journal === null ? null : openSync(options.journal, 'w');
  const journal = file === null ? undefined : lifeJournal((line) => writeSync(file, line));
  const lived = await live(life, options.eventsMax, journal);
  if (file !== null) closeSync(file);
  const { user, system } = process.cpuUsage(cpu);
  process.stdout.write(`${lived.events.join('\n')}\n`);
  if (lived.violations.length > 0) process.stdout.write(`${violationText(lived)}\n`);
  const run = { lived: [lived], failed: [], cpuMicros: user + system };
  process.stdout.write(`${summaryOf(run, performance.now() - started, 1)}\n`);
  process.exitCode = lived.violations.length > 0 ? 1 : 0;
}

async function liveMany(options: SimulateOptions): Promise<void> {
  const started = performance.now();
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  process.once('SIGTERM', () => interrupted.abort());
  let done = 0;
  let violated = 0;
  const progress = setInterval(
    () => process.stderr.write(`${done} of ${options.seeds} lives, ${violated} with violations\n`),
    progressEveryMs,
  );
  const run = await runLives(
    (function* () {
      for (let at = 0; at < options.seeds; at += 1) yield lifeOf(options.firstSeed + at, options);
    })(),
    {
      processes: Math.min(options.processes, options.seeds),
      eventsMax: options.eventsMax,
      lifeLimitMs,
      signal: interrupted.signal,
      onLived: (lived) => {
        done += 1;
        if (lived.violations.length === 0) return;
        violated += 1;
        if (violated <= printedMax) process.stdout.write(`${lived.events.join('\n')}\n${violationText(lived)}\n\n`);
      },
    },
  );
  clearInterval(progress);
  process.stdout.write(`${summaryOf(run, performance.now() - started, options.processes)}\n`);
  const { aborted } = interrupted.signal;
  if (aborted) process.stdout.write(`interrupted after ${run.lived.length} of ${options.seeds} lives\n`);
  process.exitCode = aborted ? 130 : violated > 0 || run.failed.length > 0 ? 1 : 0;
}

function violationText({ life, violations }: Lived): string {
  const shown = violations
    .slice(0, 5)
    .map(({ invariant, atMs, detail }) => `  at ${Math.round(atMs)} ms: ${invariant}: ${detail}`);
  return [`seed ${life.seed}, mode ${life.mode}`, ...shown, `replay: ${replayOf(life)}`].join('\n');
}
