/**
 * `npm run chaos`: breaks real clusters in every way that `scripts/chaos/faults` knows, while clients write, and
 * compares what came of it with what must. Exits with 1 when a round failed, 2 when it cannot run here.
 */
import { commitNow, parseOptions } from './chaos/options.ts';
import { enclosure, enclosureProblem, startEnclosed } from './chaos/enclosure.ts';
import { writeFailureModes } from './chaos/failure-modes.ts';
import { playLane } from './chaos/lane.ts';
import { runChaos } from './chaos/run.ts';
import { runSoak, soakText } from './chaos/soak.ts';
import { resultTable, summaryOf } from './chaos/table.ts';
import { startProgress } from './rig/progress.ts';

const argv = process.argv.slice(2);
const options = parseOptions(argv);
const toStderr = (line: string): void => void process.stderr.write(line);
try {
  process.exitCode = enclosure() === null ? await outside() : await inside();
} catch (error) {
  process.stderr.write(`chaos: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function outside(): Promise<number> {
  const problem = enclosureProblem();
  if (problem !== null) {
    process.stderr.write(`chaos: NOT RUN, NOTHING WAS TESTED: ${problem}\n`);
    return 2;
  }
  if (process.getuid?.() !== 0)
    process.stderr.write('chaos: without root hosts are frozen by SIGSTOP for each process, not by the freezer\n');
  // The seed may have been drawn here: both sides must know the same.
  const args = [...argv, '--seed', String(options.seed)];
  return options.soakMs === null ? rounds(args) : startEnclosed(import.meta.filename, args).ended;
}

async function inside(): Promise<number> {
  if (options.soakMs !== null) return soak(options.soakMs, startProgress(toStderr));
  await playLane(options.out);
  return 0;
}

async function rounds(args: readonly string[]): Promise<number> {
  const run = await runChaos(import.meta.filename, args, options, commitNow(), startProgress(toStderr));
  process.stdout.write(`${resultTable(run.results)}\n`);
  if (options.docs) writeFailureModes(options.out);
  process.stdout.write(`${summaryOf(run, options.parallel)}\n`);
  if (run.code !== 0) return run.code;
  return run.unplayed === 0 && run.results.every(({ kind }) => kind === 'passed') ? 0 : 1;
}

async function soak(lastsMs: number, say: (text: string) => void): Promise<number> {
  let good = true;
  for (const mode of options.modes) {
    const result = await runSoak({ ...options, lastsMs, mode }, commitNow(), say);
    process.stdout.write(`${soakText(result)}\n`);
    good &&= result.complaints.length === 0;
  }
  return good ? 0 : 1;
}
