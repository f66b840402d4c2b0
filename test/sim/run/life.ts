/** One life as data: what to simulate, and what came of it. Both cross the border between two processes as JSON. */
import type { SyncMode } from '../../../src/core/cluster.ts';
import { type Ms, second } from '../../../src/core/units.ts';
import type { Violation } from '../checks/invariants.ts';
import type { LifeJournal } from './life-journal.ts';
import { type SimOptions, type SimResult, simulate } from '../simulate.ts';

export interface Life {
  readonly seed: number;
  readonly mode: SyncMode;
  readonly members: 2 | 3;
  readonly seconds: number;
}

export interface Lived {
  readonly life: Life;
  readonly violations: readonly Violation[];
  /** The last events. */
  readonly events: readonly string[];
  readonly acknowledged: number;
  readonly promotions: number;
  readonly outageMs: Ms;
  readonly virtualMs: Ms;
}

export const modes: readonly SyncMode[] = ['available', 'strict', 'off'];

/** Without a wish a seed has a mode of its own, so that a run of seeds is of all modes. */
export const modeOf = (seed: number, wanted: SyncMode | null): SyncMode =>
  wanted ?? modes[seed % modes.length] ?? 'available';

export const optionsOf = ({ seed, mode, members, seconds }: Life): SimOptions => ({
  seed,
  mode,
  members,
  durationMs: seconds * second,
});

export async function live(life: Life, eventsMax: number, journal?: LifeJournal): Promise<Lived> {
  const options = optionsOf(life);
  return livedOf(life, await simulate(journal === undefined ? options : { ...options, journal }), eventsMax);
}

function livedOf(life: Life, result: SimResult, eventsMax: number): Lived {
  const { violations, events, acknowledged, promotions, outageMs, virtualMs } = result;
  return {
    life,
    violations,
    events: events.slice(-eventsMax),
    acknowledged,
    promotions,
    outageMs,
    virtualMs,
  };
}

/** The command that lives it again. */
export const replayOf = ({ seed, mode, members, seconds }: Life): string =>
  `npm run simulate -- --seed ${seed} --mode ${mode}${members === 3 ? ' --members 3' : ''} --seconds ${seconds} --journal /tmp/seed-${seed}.ndjson`;
