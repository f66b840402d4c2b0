/** Lives of a cluster, and what a replay makes of what its members journalled: under the same limits, what really happened. */
import { describe, expect, test } from 'vitest';
import { replay, type Replayed } from '../../src/core/replay/replay.ts';
import { isNeedless, mayBeNeedless, soonerBy } from '../../src/core/replay/replayed-doubt.ts';
import type { JournalLine } from '../../src/core/journal-line.ts';
import type { SyncMode } from '../../src/core/cluster.ts';
import type { Overrides } from '../../src/core/replay/settings.ts';
import { Random } from './clock/random.ts';
import { aFault, type FaultKind } from './faults/registry.ts';
import { simulate } from './simulate.ts';

/** What each member journalled, in one life in which the primary suffers this once. */
async function journals(mode: SyncMode, kind: FaultKind, forMs: number, seed: number) {
  const lines = new Map<string, JournalLine[]>();
  const result = await simulate({
    seed,
    mode,
    durationMs: 30_000,
    journal: {
      happened: () => undefined,
      decided: (atMs, member, view, { rule, because, intents }) => {
        const known = lines.get(member) ?? [];
        const wall = new Date(view.nowWall).toISOString();
        known.push({
          kind: 'decided',
          seq: known.length,
          wall,
          mono: atMs,
          rule,
          because,
          intents,
          view,
          sample: known.at(-1)?.kind === 'decided',
        });
        lines.set(member, known);
      },
    },
    faults: (world) => {
      const [primary] = world.primaries();
      if (primary === undefined) throw new Error('nobody leads');
      return [{ kind, atMs: 3_000, forMs, fault: aFault(kind, () => primary, new Random(seed)) }];
    },
  });
  expect(result.violations).toEqual([]);
  return {
    lines,
    result,
    replays: (overrides: Overrides) => [...lines.values()].map((each) => replay(each, overrides)),
  };
}

const rows = (['available', 'off'] as const).flatMap((mode) =>
  (
    [
      'freeze-postgres',
      'freeze-both-daemons',
      'isolate',
      'cut-etcd',
      'kill-postmaster',
      'suspend',
      'disk-hung',
      'power-off',
    ] as const
  ).flatMap((kind) => [800, 12_000].map((forMs) => [mode, kind, forMs] as const)),
);

const told = (replays: readonly Replayed[]) => replays.flatMap(({ doubts }) => doubts);

test.each(rows)(
  'mode %s, %s for %i ms: the same limits find no failover that did not happen, and each that did',
  async (mode, kind, forMs) => {
    const { replays, result } = await journals(mode, kind, forMs, 3);
    const doubts = told(replays({}));
    if (result.promotions > 0) expect(doubts.map(({ really }) => really.kind)).toContain('failed');
    expect(doubts.filter((each) => isNeedless(each) || mayBeNeedless(each))).toEqual([]);
    for (const each of doubts)
      if (each.really.kind === 'failed' && each.really.rule !== null)
        expect([each, soonerBy(each)]).toMatchObject([{ would: { kind: 'declared' } }, { fromMs: 0, toMs: 0 }]);
  },
);

describe('a postgres that freezes for a moment', () => {
  test('is a near miss of its leader, and a needless failover under a limit that is shorter than that', async () => {
    const { replays, result } = await journals('available', 'freeze-postgres', 1_300, 5);
    expect(result.promotions).toBe(0);
    const near = told(replays({})).filter(
      ({ as, would }) => as === 'leader' && would.kind === 'not' && would.rule === 'fence-hung',
    );
    expect(near).not.toEqual([]);
    expect(told(replays({ failover: { hangMs: 700 } })).filter(isNeedless)).not.toEqual([]);
  });
});
