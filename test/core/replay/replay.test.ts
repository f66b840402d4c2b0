/** A recorded journal under other limits: what would have been declared, when, and what cannot be known. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { replay } from '../../../src/core/replay/replay.ts';
import { isNeedless, mayBeNeedless, type ReplayedDoubt, soonerBy } from '../../../src/core/replay/replayed-doubt.ts';
import type { Overrides } from '../../../src/core/replay/settings.ts';
import type { View } from '../../../src/core/view.ts';
import { ago, answers, aPrimary, aView, childless, type Changes } from '../a-view.ts';
import { at, follows, leads, mutely } from '../doubt/views.ts';
import { frozen, journal } from './a-journal.ts';

const hang = (hangMs: number): Overrides => ({ failover: { hangMs } });
const nothing: Overrides = {};

const only = (doubts: readonly ReplayedDoubt[]): ReplayedDoubt => {
  expect(doubts).toHaveLength(1);
  return doubts[0]!;
};

describe('a doubt that healed', () => {
  test('under the limits that were in force is a near miss, with what was left until it healed', () => {
    const doubt = only(replay(journal(frozen(1_200)), nothing).doubts);
    expect(doubt).toMatchObject({ about: 'a', as: 'leader', really: { kind: 'healed', afterMs: 1_200 } });
    expect(doubt.would).toEqual({ kind: 'not', rule: 'fence-hung', headroom: { fromMs: 300, toMs: 350 } });
  });

  test('is a needless failover under a limit that it went beyond: between two views', () => {
    const doubt = only(replay(journal(frozen(1_200)), hang(1_000)).doubts);
    expect(isNeedless(doubt)).toBe(true);
    expect(doubt.would).toEqual({ kind: 'declared', rule: 'fence-hung', after: { fromMs: 950, toMs: 1_050 } });
  });

  test('is perhaps one when the limit lies between its last view and its end', () => {
    const doubt = only(replay(journal(frozen(1_200)), hang(1_180)).doubts);
    expect([isNeedless(doubt), mayBeNeedless(doubt)]).toEqual([false, true]);
    expect(doubt.would).toMatchObject({ kind: 'perhaps', after: { fromMs: 1_180, toMs: 1_200 } });
  });

  test('in the moment of its limit was not declared by the limits that were in force, and is not by the same', () => {
    const doubt = only(replay(journal(frozen(1_520)), nothing).doubts);
    expect(doubt.would).toEqual({ kind: 'not', rule: 'fence-hung', headroom: { fromMs: 0, toMs: 50 } });
  });

  test('has more left under a longer limit', () => {
    const doubt = only(replay(journal(frozen(1_200)), hang(3_000)).doubts);
    expect(doubt.would).toMatchObject({ kind: 'not', headroom: { fromMs: 1_800, toMs: 1_850 } });
  });

  test('of a late renewal is judged by the lease that is tried: its deadline, and what etcd would show of it', () => {
    const off = (ms: number, moreMs = 0): View =>
      at(moreMs, aView(aPrimary(), { mode: 'off', state: { sync: mutely.off }, guardian: mutely.renewed(ms) }));
    const views = [off(100, -2_000), off(2_300), off(2_700, 400), off(100, 500)];
    const under = (overrides: Overrides) => only(replay(journal(views), overrides).doubts).would;
    expect(under(nothing)).toMatchObject({ kind: 'not', rule: 'fence-deadline' });
    expect(under({ lease: { ttlMs: 3_000 } })).toMatchObject({ kind: 'declared', rule: 'fence-deadline' });
    expect(under({ lease: { ttlMs: 3_000, marginMs: 200 } })).toMatchObject({ kind: 'declared' });
    expect(under({ lease: { ttlMs: 9_000 } })).toMatchObject({ kind: 'not' });
  });

  test('on the way to no failure stays without headroom', () => {
    const doubting = follows({}, { ...answers, postgres: mutely.refusedOnce.postgres });
    const views = [at(-100, follows()), doubting, at(100, follows())];
    expect(only(replay(journal(views), nothing).doubts).would).toEqual({ kind: 'not', rule: null, headroom: null });
  });
});

describe('a failover that happened', () => {
  const took = (views: readonly View[]) => [
    ...views.slice(0, -1),
    at(1_530, leads({ failingSinceMono: ago(0) }, { peer: answers })),
  ];

  test('is declared at the same moment under the same limits', () => {
    const doubt = only(replay(journal(took(frozen(1_500))), nothing).doubts);
    expect(doubt.really).toEqual({ kind: 'failed', rule: 'fence-hung', afterMs: 1_530 });
    expect(soonerBy(doubt)).toEqual({ fromMs: 0, toMs: 0 });
  });

  test('is declared sooner under a tighter limit, within the time between two views', () => {
    const doubt = only(replay(journal(took(frozen(1_500))), hang(1_000)).doubts);
    expect(soonerBy(doubt)).toEqual({ fromMs: 480, toMs: 580 });
  });

  test('would have come later under a longer limit, if all had gone on so', () => {
    const doubt = only(replay(journal(took(frozen(1_500))), hang(4_000)).doubts);
    expect(doubt.would).toEqual({ kind: 'later', rule: 'fence-hung', afterMs: 4_000 });
    expect(soonerBy(doubt)).toBeNull();
  });

  test('because postgres ended has no limit to do with', () => {
    const ended: Changes = { guardian: childless(), peer: answers };
    const views = [at(-100, leads()), at(0, aView({ kind: 'unknown' }, ended))];
    const doubt = only(replay(journal(views), hang(700)).doubts);
    expect(doubt).toMatchObject({
      really: { kind: 'failed', rule: 'hand-over-dead-postgres', afterMs: 0 },
      would: { kind: 'declared' },
    });
    expect(soonerBy(doubt)).toEqual({ fromMs: 0, toMs: 0 });
  });
});

describe('what cannot be known is said', () => {
  test('of a journal without views of doubts', () => {
    const { doubts, unknown } = replay(
      journal(
        frozen(1_200).filter((_view, index, all) => index === 0 || index === all.length - 1),
        { older: true },
      ),
      nothing,
    );
    expect([doubts, unknown]).toEqual([[], [expect.stringContaining('2 of 2 decisions were journalled by a version')]]);
  });

  test('of lines that are missing', () => {
    const lines = journal(frozen(1_200)).filter(({ seq }) => seq !== 3 && seq !== 4);
    expect(replay(lines, nothing).unknown).toEqual(['2 lines are missing: the disk did not keep up.']);
  });

  test('of limits below what a journal shows', () => {
    const { unknown } = replay(journal(frozen(1_200)), { lease: { ttlMs: 2_000 } });
    expect(unknown).toEqual([expect.stringContaining('lease.ttl less lease.margin of 1500 ms is below 2250 ms')]);
  });

  test('of a doubt during which the journal ends, or the daemon was started anew', () => {
    const cut = journal(frozen(1_200)).slice(0, 6);
    expect(only(replay(cut, nothing).doubts).really).toMatchObject({ kind: 'cut-short' });
    const again = journal(frozen(1_200)).map((line, index) => (index < 6 ? line : { ...line, seq: index - 6 }));
    expect(replay(again, nothing).doubts.map(({ really }) => really.kind)).toEqual(['cut-short']);
  });
});

test('nothing is said of a journal without lines', () => {
  expect(replay([], nothing)).toEqual({
    members: [],
    decisions: 0,
    from: null,
    to: null,
    recorded: null,
    doubts: [],
    unknown: [],
  });
});

test('bounds hold the truth: of a freeze of any length, seen at any cadence, under any limit', () => {
  const row = fc.record({
    lastedMs: fc.integer({ min: 60, max: 1_490 }),
    everyMs: fc.integer({ min: 20, max: 400 }),
    hangMs: fc.integer({ min: 700, max: 3_000 }),
  });
  fc.assert(
    fc.property(row, ({ lastedMs, everyMs, hangMs }) => {
      const { would } = only(replay(journal(frozen(lastedMs, everyMs)), hang(hangMs)).doubts);
      const really = lastedMs >= hangMs;
      if (would.kind === 'declared')
        expect([really, would.after.fromMs <= hangMs, hangMs <= would.after.toMs]).toEqual([true, true, true]);
      else if (would.kind === 'perhaps')
        expect([would.after.fromMs <= lastedMs, would.after.toMs]).toEqual([true, lastedMs]);
      else expect([really, would.kind]).toEqual([false, 'not']);
      if (would.kind === 'not') expect(would.headroom?.fromMs).toBe(hangMs - lastedMs);
    }),
    { numRuns: 80 },
  );
});
