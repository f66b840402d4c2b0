/** Plants one mistake and lives until it shows. */
import { missing, plant } from './edited-modules.ts';
import type * as Life from './life.ts';
import { lifeOfSeed } from './life.ts';
import { modeOf } from '../run/life.ts';
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

export interface Search {
  readonly fromSeed: number;
  /** How many lives at most. */
  readonly seeds: number;
  /** How long things go wrong in each. */
  readonly seconds: number;
}

export interface Found extends Caught {
  /** How many lives it took. */
  readonly lives: number;
}

/**
 * By lives of every mode, with faults of every kind: anything that is violated is the mistake's doing, unless the same
 * life of the product itself violates something as well, which is an error.
 */
export async function searchMistake(
  name: string,
  mistake: Mistake,
  { fromSeed, seeds, seconds }: Search,
): Promise<Found | null> {
  const { life, ports } = await planted(name, mistake);
  for (let lives = 1; lives <= seeds; lives += 1) {
    const seed = fromSeed + lives - 1;
    const mode = modeOf(seed, null);
    const members = seed % 4 === 0 ? 3 : 2;
    const which = { seed, mode, members, seconds } as const;
    const [shows] = await life.lifeOfSeed(which, ports);
    if (shows === undefined) continue;
    const by = `${mode}, ${members} members, seed ${seed}`;
    const [ofProduct] = await lifeOfSeed(which, {});
    if (ofProduct !== undefined) throw new Error(`without any mistake, ${by} violates ${ofProduct}`);
    return { by, shows, lives };
  }
  return null;
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
