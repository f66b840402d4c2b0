/**
 * Makes a failing life short enough to be understood: fewer faults, shorter ones, fewer members, as long as the same
 * invariant is violated first. What is left can be pasted as a named scenario.
 */
import type { DrawnFault } from '../faults/plan.ts';
import { planned } from '../faults/plan.ts';
import { type SimOptions, type SimResult, simulate } from '../simulate.ts';

/** A life whose faults are data. */
export interface PlannedLife extends Omit<SimOptions, 'faults'> {
  readonly plan: readonly DrawnFault[];
}

export interface Shrunk {
  readonly life: PlannedLife;
  readonly invariant: string;
  readonly detail: string;
  /** How many lives it took. */
  readonly tries: number;
}

/** Null when the life violates nothing. `triesMax`: what was reached by then is the result. */
export async function shrink(options: SimOptions, triesMax = 400): Promise<Shrunk | null> {
  const original = await simulate(options);
  const [first] = original.violations;
  if (first === undefined) return null;
  const search = new Search(first.invariant, triesMax);
  const { faults: _drawn, ...rest } = options;
  let life: PlannedLife = { ...rest, plan: original.plan };
  // A plan made by hand has faults that are no data, and then there is nothing to take from.
  if (!(await search.fails(life)))
    return { life, invariant: first.invariant, detail: first.detail, tries: search.tries };
  life = await search.withFewerFaults(life);
  life = await search.withFewerMembers(life);
  life = await search.withShorterFaults(life);
  life = await search.withFewerFaults(life);
  life = await search.inWholeMilliseconds(life);
  life = await search.withoutItsEnd(life);
  return { life, invariant: first.invariant, detail: search.detail, tries: search.tries };
}

const live = ({ plan, ...options }: PlannedLife): Promise<SimResult> =>
  simulate({ ...options, faults: () => plan.map(planned) });

class Search {
  tries = 0;
  /** Of the newest violation that was the same. */
  detail = '';
  readonly #invariant: string;
  readonly #triesMax: number;

  constructor(invariant: string, triesMax: number) {
    this.#invariant = invariant;
    this.#triesMax = triesMax;
  }

  async fails(life: PlannedLife): Promise<boolean> {
    if (this.tries >= this.#triesMax) return false;
    this.tries += 1;
    const [violation] = (await live(life)).violations;
    if (violation?.invariant !== this.#invariant) return false;
    this.detail = violation.detail;
    return true;
  }

  /** Delta debugging: drops chunks, halving them until single faults have been tried. */
  async withFewerFaults(life: PlannedLife): Promise<PlannedLife> {
    let { plan } = life;
    let size = Math.ceil(plan.length / 2);
    while (plan.length > 0 && size > 0) {
      let dropped = false;
      for (let at = 0; at < plan.length; ) {
        const without = plan.toSpliced(at, size);
        if (await this.fails({ ...life, plan: without })) {
          plan = without;
          dropped = true;
        } else at += size;
      }
      if (!dropped || size > plan.length) size = size === 1 ? 0 : Math.ceil(size / 2);
    }
    return { ...life, plan };
  }

  withFewerMembers(life: PlannedLife): Promise<PlannedLife> {
    return this.#firstThatFails(life, [
      { ...life, members: 2, etcdMembers: 1 },
      { ...life, etcdMembers: 1 },
      { ...life, members: 2 },
    ]);
  }

  async withShorterFaults(life: PlannedLife): Promise<PlannedLife> {
    let shortest = life;
    for (let at = 0; at < life.plan.length; at += 1) {
      const fault = shortest.plan[at];
      if (fault === undefined) break;
      const shorter = [50, fault.forMs / 8, fault.forMs / 2].filter((forMs) => forMs < fault.forMs);
      shortest = await this.#firstThatFails(
        shortest,
        shorter.map((forMs) => ({ ...life, plan: shortest.plan.with(at, { ...fault, forMs }) })),
      );
    }
    return shortest;
  }

  inWholeMilliseconds(life: PlannedLife): Promise<PlannedLife> {
    const plan = life.plan.map((fault) => ({
      ...fault,
      atMs: Math.round(fault.atMs),
      forMs: Math.round(fault.forMs),
      strength: Math.round(fault.strength * 100) / 100,
    }));
    return this.#firstThatFails(life, [{ ...life, plan }]);
  }

  /** The heal comes soon after the last fault, where that shows the same. */
  withoutItsEnd(life: PlannedLife): Promise<PlannedLife> {
    const overMs = Math.max(0, ...life.plan.map(({ atMs, forMs }) => atMs + forMs));
    const shorter = [overMs + 2_000, overMs + 20_000].map((ms) => Math.ceil(ms / 1_000) * 1_000);
    return this.#firstThatFails(
      life,
      shorter.filter((ms) => ms < life.durationMs).map((durationMs) => ({ ...life, durationMs })),
    );
  }

  async #firstThatFails(life: PlannedLife, candidates: readonly PlannedLife[]): Promise<PlannedLife> {
    for (const candidate of candidates) if (await this.fails(candidate)) return candidate;
    return life;
  }
}

/** TypeScript that a file of scenarios takes as it is. */
export function scenarioText(name: string, { life, invariant, detail }: Shrunk): string {
  const { plan, seed, mode, members, etcdMembers, durationMs, load } = life;
  const options = Object.entries({ seed, mode, members: members ?? 2, etcdMembers, durationMs, load });
  return [
    `  ${quoted(name)}: {`,
    `    says: ${quoted(`${invariant}: ${detail}`)},`,
    ...options.flatMap(([key, value]) => (value === undefined ? [] : [`    ${key}: ${literal(value)},`])),
    '    faults: () =>',
    '      [',
    ...plan.map((fault) => `        ${literal(fault)},`),
    '      ].map(planned),',
    '    checklist: [],',
    "    expect: { leader: 'either', promotions: null, outageMsMax: Number.POSITIVE_INFINITY, rules: [], never: [] },",
    '  },',
  ].join('\n');
}

function literal(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).map(([key, field]) => `${key}: ${literal(field)}`);
  return `{ ${fields.join(', ')} }`;
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
