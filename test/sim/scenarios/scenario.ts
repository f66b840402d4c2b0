/** A named life: what goes wrong step by step, and what must come of it. A scenario is itself what `simulate` takes. */
import type { SyncMode } from '../../../src/core/cluster.ts';
import type { Rule } from '../../../src/core/rules.ts';
import { type Ms, second } from '../../../src/core/units.ts';
import type { SimOptions } from '../simulate.ts';
import { interference } from './interference.ts';
import { Stage } from './stage.ts';

export interface Expected {
  /** Whether the member that led first leads in the end, or another; `either` where both are right. */
  readonly leader: 'stays' | 'moves' | 'either';
  /** How many times a standby left recovery; null where any number is right. */
  readonly promotions: number | null;
  /** The longest time without an acknowledged commit, whoever acknowledged. */
  readonly outageMsMax: Ms;
  /** Rules that must have fired since the play began, on whichever member. */
  readonly rules: readonly Rule[];
  /** Rules that must not have. */
  readonly never: readonly Rule[];
}

export interface Scenario extends SimOptions {
  /** One sentence: the fault, and what must happen. */
  readonly says: string;
  readonly members: 2 | 3;
  /** Which of the 54 rows of the failure-mode checklist it stands for. */
  readonly checklist: readonly number[];
  readonly expect: Expected;
}

interface Told {
  readonly says: string;
  readonly checklist?: readonly number[];
  readonly mode?: SyncMode;
  readonly members?: 2 | 3;
  readonly seed?: number;
  /** How long the world is left alone with what happens, before everything is healed. */
  readonly seconds?: number;
  readonly play: (stage: Stage) => Promise<void>;
  readonly expect: Partial<Expected> & Pick<Expected, 'leader'>;
}

/** Nobody has to notice a shorter gap: three clients think for 60 to 120 ms between two writes. */
const unnoticedMs: Ms = 250;

export function aScenario({ says, checklist, mode, members, seed, seconds, play, expect }: Told): Scenario {
  return {
    says,
    checklist: checklist ?? [],
    mode: mode ?? 'available',
    members: members ?? 2,
    seed: seed ?? 1,
    durationMs: (seconds ?? 15) * second,
    load: 'busy',
    mistakes: interference,
    faults: (world) => {
      new Stage(world).begin(play);
      return [];
    },
    expect: {
      promotions: expect.leader === 'either' ? null : expect.leader === 'moves' ? 1 : 0,
      outageMsMax: unnoticedMs,
      rules: [],
      never: [],
      ...expect,
    },
  };
}
