/** `npm run simulate -- --help` */
import { closeSync, openSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type LifeJournal, lifeJournal } from '../test/sim/run/life-journal.ts';
import { type Life, type Lived, live, modeOf, optionsOf, replayOf } from '../test/sim/run/life.ts';
import { runLives } from '../test/sim/run/lives.ts';
import { readOptions, type SimulateOptions, usage } from '../test/sim/run/options.ts';
import { scenarioText, shrink } from '../test/sim/run/shrink.ts';
import { summaryOf } from '../test/sim/run/summary.ts';
import { scenarios } from '../test/sim/scenarios/index.ts';
import { play } from '../test/sim/scenarios/play.ts';

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
else if (options.value.scenario !== null) await playScenario(options.value.scenario, options.value);
else if (options.value.shrink) await shrinkOne(options.value);
else if (options.value.single) await liveOne(options.value);
else await liveMany(options.value);

function lifeOf(seed: number, { mode, members, seconds }: SimulateOptions): Life {
  return { seed, mode: modeOf(seed, mode), members, seconds };
}

async function liveOne(options: SimulateOptions): Promise<void> {
  const life = lifeOf(options.firstSeed, options);
  const started = performance.now();
  const cpu = process.cpuUsage();
  const lived = await journalled(options.journal, (journal) => live(life, options.eventsMax, journal));
  const { user, system } = process.cpuUsage(cpu);
  process.stdout.write(`${lived.events.join('\n')}\n`);
  if (lived.violations.length > 0) process.stdout.write(`${violationText(lived)}\n`);
  const run = { lived: [lived], failed: [], cpuMicros: user + system };
  process.stdout.write(`${summaryOf(run, performance.now() - started, 1)}\n`);
  process.exitCode = lived.violations.length > 0 ? 1 : 0;
}

/** Writes a journal while `live` goes on, if one is wanted. */
async function journalled<T>(path: string | null, live: (journal?: LifeJournal) => Promise<T>): Promise<T> {
  if (path === null) return live();
  const file = openSync(path, 'w');
  try {
    return await live(lifeJournal((line) => writeSync(file, line)));
  } finally {
    closeSync(file);
  }
}

async function playScenario(name: string, options: SimulateOptions): Promise<void> {
  const scenario = scenarios[name];
  if (scenario === undefined) {
    process.stderr.write(
      `--scenario ${name}: there is none of this name, only\n  ${Object.keys(scenarios).join('\n  ')}\n`,
    );
    process.exitCode = 2;
    return;
  }
  const { result, shortcomings } = await journalled(options.journal, (journal) =>
    play(journal === undefined ? scenario : { ...scenario, journal }),
  );
  process.stdout.write(`${result.events.slice(-options.eventsMax).join('\n')}\n${name}: ${scenario.says}\n`);
  process.stdout.write(shortcomings.length === 0 ? 'it goes as it says\n' : `${shortcomings.join('\n')}\n`);
  process.exitCode = shortcomings.length === 0 ? 0 : 1;
}

async function shrinkOne(options: SimulateOptions): Promise<void> {
  const shrunk = await shrink(optionsOf(lifeOf(options.firstSeed, options)));
  if (shrunk === null) {
    process.stdout.write(`seed ${options.firstSeed} violates nothing\n`);
    return;
  }
  process.stdout.write(`${scenarioText(`seed ${options.firstSeed}`, shrunk)}\nafter ${shrunk.tries} lives\n`);
  process.exitCode = 1;
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
