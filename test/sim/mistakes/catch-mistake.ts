/** Plants one mistake and lives until it shows. */
import { missing, plant } from './edited-modules.ts';
import type * as Life from './life.ts';
import type { Mistakes } from '../world.ts';
import type { Mistake } from './mistake.ts';

export interface Caught {
  /** The scenario or the mode, and the seed: as many lives as its number were needed. */
  readonly by: string;
  /** The first thing that went wrong. */
  readonly shows: string;
}

/** A scenario aims; who asks whom in which order within some milliseconds is the seed's. */
const seedsOfScenario = 12;

/** By the scenario that aims at it, or by the lives that it names. Null when no life showed what it should. */
export async function catchMistake(name: string, mistake: Mistake): Promise<Caught | null> {
  const { caughtBy, shows } = mistake;
  const { life, ports } = await planted(name, mistake);
  if (typeof caughtBy === 'string')
    return firstOf(seedsOfScenario, shows, async (seed) => ({
      by: `scenario ${caughtBy}, seed ${seed}`,
      shortcomings: await life.lifeOfScenario(caughtBy, seed, ports),
    }));
  const { seeds, mode, members = 2 } = caughtBy;
  return firstOf(seeds, shows, async (seed) => ({
    by: `${mode}, seed ${seed}`,
    shortcomings: await life.lifeOfSeed({ seed, mode, members, seconds: 30 }, ports),
  }));
}

/** By lives of every mode, with faults of every kind: anything that is violated is the mistake's doing. */
export async function searchMistake(
  name: string,
  mistake: Mistake,
  seeds: number,
  seconds: number,
): Promise<Caught | null> {
  const { life, ports } = await planted(name, mistake);
  return firstOf(seeds, /./, async (seed) => {
    const mode = (['available', 'strict', 'off'] as const)[seed % 3] ?? 'available';
    const members = seed % 4 === 0 ? 3 : 2;
    const shortcomings = await life.lifeOfSeed({ seed, mode, members, seconds }, ports);
    return { by: `${mode}, ${members} members, seed ${seed}`, shortcomings };
  });
}

async function planted(name: string, { planted: what }: Mistake): Promise<{ life: typeof Life; ports: Mistakes }> {
  plant(name, 'edits' in what ? what.edits : []);
  const life = (await import(`./life.ts?mistake=${name}`)) as typeof Life;
  const [unread] = missing(name);
  if (unread !== undefined) throw new Error(`${name} edits ${unread.file}, which no life loads`);
  return { life, ports: 'ports' in what ? what.ports : {} };
}

async function firstOf(
  seeds: number,
  shows: RegExp,
  live: (seed: number) => Promise<{ readonly by: string; readonly shortcomings: readonly string[] }>,
): Promise<Caught | null> {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { by, shortcomings } = await live(seed);
    const found = shortcomings.find((each) => shows.test(each));
    if (found !== undefined) return { by, shows: found };
  }
  return null;
}
