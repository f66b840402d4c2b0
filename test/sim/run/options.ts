/** The options of `npm run simulate`, read and checked. */
import { parseArgs } from 'node:util';
import type { SyncMode } from '../../../src/core/cluster.ts';
import { err, ok, type Result } from '../../../src/core/result.ts';
import { modes } from './life.ts';

export interface SimulateOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  /** Exactly this seed was asked for: its events are printed. */
  readonly single: boolean;
  /** Null: each seed's own. */
  readonly mode: SyncMode | null;
  readonly members: 2 | 3;
  readonly seconds: number;
  readonly eventsMax: number;
  readonly processes: number;
  readonly journal: string | null;
  readonly shrink: boolean;
  readonly scenario: string | null;
}

export const usage = `npm run simulate -- [options]

Lives of a simulated cluster on virtual time, one per seed, with the production daemons and faults drawn from the seed.
Safety is checked after every event; then the world heals and the cluster must be whole again.

  --seeds N        how many lives (100)
  --from N         the first seed (1)
  --seed N         this life alone, with its last events
  --mode MODE      available, strict or off (each seed has its own)
  --members N      2 or 3 (2)
  --seconds N      how long things go wrong in each life, in virtual seconds (120)
  --events N       how many of the last events are printed of a life that violated something (40)
  --processes N    processes to live them in (one per core)
  --journal FILE   with --seed or --scenario: writes every decision of every member with its view, and every event, as NDJSON
  --shrink         with --seed: the shortest plan that still violates the same invariant, as a scenario
  --scenario NAME  one named scenario, and whether it goes as it says
  --help           this text

Exit code: 0 when nothing was violated, 1 when something was or a life could not be lived, 2 for an option that makes no
sense, 130 after an interrupt (what was lived by then is summed up).
`;

/** Null: the usage was asked for. The error is one line. */
export function readOptions(args: readonly string[], cores: number): Result<SimulateOptions | null, string> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string', default: '100' },
        from: { type: 'string', default: '1' },
        seed: { type: 'string' },
        mode: { type: 'string' },
        members: { type: 'string', default: '2' },
        seconds: { type: 'string', default: '120' },
        events: { type: 'string', default: '40' },
        processes: { type: 'string', default: String(cores) },
        journal: { type: 'string' },
        shrink: { type: 'boolean', default: false },
        scenario: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return ok(null);
    const { seed, journal } = values;
    const { shrink, scenario } = values;
    if (journal !== undefined && seed === undefined && scenario === undefined)
      return err('--journal is of one life: --seed N or --scenario NAME is wanted too');
    if (shrink && seed === undefined) return err('--shrink is of one life: --seed N is wanted too');
    return ok({
      firstSeed: seed === undefined ? whole('from', values.from, 0) : whole('seed', seed, 0),
      seeds: seed === undefined ? whole('seeds', values.seeds, 1) : 1,
      single: seed !== undefined,
      mode: values.mode === undefined ? null : oneOf('mode', values.mode, modes),
      members: Number(oneOf('members', values.members, ['2', '3'])) as 2 | 3,
      seconds: whole('seconds', values.seconds, 1),
      eventsMax: whole('events', values.events, 1),
      processes: whole('processes', values.processes, 1),
      journal: journal ?? null,
      shrink,
      scenario: scenario ?? null,
    });
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new RangeError(`--${name} ${text}: a whole number from ${least} is wanted`);
}

function oneOf<T extends string>(name: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw new RangeError(`--${name} ${text}: one of ${choices.join(', ')} is wanted`);
}
