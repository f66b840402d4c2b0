/**
 * Plays the rounds of all systems in turns. Every round is a process of its own in an enclosure of its own: whatever a
 * system leaves behind ends with it, and no round can touch the next.
 */
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { type Enclosure, startEnclosed } from '../../chaos/enclosure.ts';
import { commitNow } from '../../chaos/options.ts';
import { lookAtMachine } from '../machine.ts';
import { systems } from '../systems/all.ts';
import { binDir } from '../systems/hosts.ts';
import { faults } from './faults.ts';
import type { SideBySideOptions } from './options.ts';
import { type Outcome, playRound } from './play.ts';
import {
  type Cell,
  interleaved,
  missingRuns,
  readResults,
  type Results,
  type RoundRecord,
  writeResults,
} from './results.ts';

type Ended = Outcome | { readonly kind: 'failed'; readonly problem: string };
type FromRound = { readonly kind: 'says'; readonly text: string } | { readonly kind: 'ended'; readonly outcome: Ended };

export interface SideBySideRun {
  readonly results: Results;
  readonly file: string;
  /** Exit status of a signal that ended the run; 0 when it came to its end. */
  readonly code: number;
}

/** More failed rounds in a row, and the run gives up. */
const failedMax = 5;
const signalled = 128;

/** `program` is started again for each round, inside an enclosure, with `--round JSON` behind `args`. */
export async function runSideBySide(
  program: string,
  args: readonly string[],
  options: SideBySideOptions,
  say: (text: string) => void,
): Promise<SideBySideRun> {
  const file = options.resume ?? join(options.out, 'peers.json');
  const before = readResults(file);
  if (before !== null && options.resume === null)
    throw new Error(`${file} is there already: go on with it by --resume, or write to another place by --out`);
  if (before === null && options.resume !== null) throw new Error(`there is no ${file} to go on with`);
  const commands = new Set([...(before?.commands ?? []), `npm run bench -- ${args.join(' ')}`]);
  let results: Results = {
    v: 1,
    machine: lookAtMachine(binDir),
    commands: [...commands],
    rounds: before?.rounds ?? [],
  };
  const plan = planOf(options, results.rounds);
  let failedInRow = 0;
  for (const [index, cell] of plan.entries()) {
    if (
      missingRuns(
        cell,
        1,
        results.rounds.filter(({ kind }) => kind === 'impossible'),
      ) === 0
    )
      continue;
    const title = `${index + 1}/${plan.length} ${cell.system} ${cell.setting}, ${cell.fault}`;
    const { outcome, code } = await playEnclosed(program, args, cell, (text) => say(`${title}: ${text}`));
    if (code > signalled) return { results, file, code };
    const record: RoundRecord = { ...cell, ...situation(), ...shortened(outcome) };
    say(`${title}: ${recordText({ ...record, ...outcome })}`);
    results = { ...results, rounds: [...results.rounds, record] };
    writeResults(file, results);
    failedInRow = record.kind === 'failed' ? failedInRow + 1 : 0;
    if (failedInRow < failedMax) continue;
    say(`${failedMax} rounds in a row failed: the run gives up`);
    break;
  }
  return { results, file, code: 0 };
}

/** What the process inside does: plays its one round, tells its parent, and ends. The kernel ends everything else. */
export async function playInside(enclosure: Enclosure, cell: Cell): Promise<void> {
  const tell = (message: FromRound) =>
    new Promise<void>((resolve) => {
      if (process.send === undefined) resolve();
      else process.send(message, () => resolve());
    });
  try {
    const system = systems.find(({ name, setting }) => name === cell.system && setting === cell.setting);
    const fault = faults.find(({ name }) => name === cell.fault);
    if (system === undefined || fault === undefined) throw new Error(`no round ${JSON.stringify(cell)}`);
    const outcome = await playRound(system, fault, cell.rttMs, enclosure, (text) => void tell({ kind: 'says', text }));
    await tell({ kind: 'ended', outcome });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    await tell({ kind: 'ended', outcome: { kind: 'failed', problem } });
  }
  process.exit(0);
}

async function playEnclosed(
  program: string,
  args: readonly string[],
  cell: Cell,
  say: (text: string) => void,
): Promise<{ readonly outcome: Ended; readonly code: number }> {
  const { process: inside, ended } = startEnclosed(program, [...args, '--round', JSON.stringify(cell)], 'ipc');
  let outcome: Ended | null = null;
  inside.on('message', (message: FromRound) => {
    if (message.kind === 'says') say(message.text);
    else outcome = message.outcome;
  });
  const code = await ended;
  return { outcome: outcome ?? { kind: 'failed', problem: `the round ended with ${code} and said nothing` }, code };
}

function planOf({ systems, faults, runs, peerRuns, rttMs }: SideBySideOptions, rounds: readonly RoundRecord[]) {
  const versions = new Map(systems.map((system) => [system, system.version()]));
  return interleaved(
    faults.flatMap((fault) =>
      [...versions].map(([{ name, setting }, version]) => {
        const cell: Cell = { system: name, setting, version, fault: fault.name, rttMs };
        return { cell, runs: missingRuns(cell, name === 'baton' ? runs : peerRuns, rounds) };
      }),
    ),
  );
}

const situation = (): Pick<RoundRecord, 'at' | 'commit' | 'loadBefore'> => ({
  at: new Date().toISOString(),
  commit: commitNow(),
  loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
});

/** The logs that a failure comes with are for the screen. */
const shortened = (outcome: Ended): Ended =>
  outcome.kind === 'failed' ? { ...outcome, problem: outcome.problem.split('\n', 1)[0] ?? '' } : outcome;

function recordText(record: RoundRecord): string {
  if (record.kind === 'impossible') return `impossible: ${record.why}`;
  if (record.kind === 'failed') return `FAILED: ${record.problem}`;
  const { outageMs, redundantMs, lost, twoWritableMs, moved } = record.seen;
  return `outage ${outageMs} ms, ${moved ? 'failed over' : 'stayed'}, redundant ${redundantMs ?? 'never'} ms, ${lost} lost, two writable ${twoWritableMs} ms`;
}
