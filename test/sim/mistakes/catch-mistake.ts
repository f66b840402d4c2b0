/** Plants one mistake and lives until it shows. */
import { plant } from './edited-modules.ts';
import type * as Life from './life.ts';
import type { Mistake } from './mistake.ts';

export interface Caught {
  /** The scenario or the mode, and the seed: as many lives as its number were needed. */
  readonly by: string;
  /** The first thing that went wrong. */
  readonly shows: string;
}

/** A scenario aims; who asks whom in which order within some milliseconds is the seed's. */
const seedsOfScenario = 12;

/** Null when no life showed anything that it should. */
export async function catchMistake(name: string, mistake: Mistake): Promise<Caught | null> {
  const { planted, caughtBy, shows } = mistake;
  const edits = 'edits' in planted ? planted.edits : [];
  const ports = 'ports' in planted ? planted.ports : {};
  plant(name, edits);
  const life = (await import(`./life.ts?mistake=${name}`)) as typeof Life;
  const { seeds, by, live } =
    typeof caughtBy === 'string'
      ? {
          seeds: seedsOfScenario,
          by: `scenario ${caughtBy}`,
          live: (seed: number) => life.lifeOfScenario(caughtBy, seed, ports),
        }
      : {
          seeds: caughtBy.seeds,
          by: caughtBy.mode,
          live: (seed: number) => life.lifeOfSeed(seed, caughtBy.mode, caughtBy.members ?? 2, ports),
        };
  for (let seed = 1; seed <= seeds; seed += 1) {
    const found = (await live(seed)).find((each) => shows.test(each));
    if (found !== undefined) return { by: `${by}, seed ${seed}`, shows: found };
  }
  return null;
}
