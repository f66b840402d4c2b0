/** One life of the simulated cluster, of whichever copy of the product this module was loaded with. */
import type { SyncMode } from '../../../src/core/cluster.ts';
import { second } from '../../../src/core/units.ts';
import { scenarios } from '../scenarios/index.ts';
import { play } from '../scenarios/play.ts';
import { simulate } from '../simulate.ts';
import type { Mistakes } from '../world.ts';

/** What went wrong in it; empty when nothing did. */
export type Shortcomings = readonly string[];

export async function lifeOfScenario(name: string, seed: number, ports: Mistakes): Promise<Shortcomings> {
  const scenario = scenarios[name];
  if (scenario === undefined) throw new RangeError(`there is no scenario ${name}`);
  return (await play({ ...scenario, seed }, ports)).shortcomings;
}

export interface SeedLife {
  readonly seed: number;
  readonly mode: SyncMode;
  readonly members: 2 | 3;
  /** How long things go wrong. */
  readonly seconds: number;
}

export async function lifeOfSeed({ seconds, ...life }: SeedLife, ports: Mistakes): Promise<Shortcomings> {
  const result = await simulate({ ...life, load: 'busy', durationMs: seconds * second, mistakes: ports });
  return result.violations.map(({ invariant, atMs, detail }) => `${invariant} at ${Math.round(atMs)}: ${detail}`);
}
