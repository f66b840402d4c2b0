/** Doubts from view to view: where they begin, how they end, and what was left when they were closest to a failure. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Doubt, nothingWatched, watchDoubt, type WatchStep } from '../../../src/core/doubt/doubt-watch.ts';
import { noSamples, sampled, type Sampling } from '../../../src/core/doubt/sampling.ts';
import { decide } from '../../../src/core/decide.ts';
import { monoMs, revision } from '../../../src/core/units.ts';
import type { View } from '../../../src/core/view.ts';
import { absent, ago, answers, aRequest, aStandby, aView, b, ledBy, present, refuses } from '../a-view.ts';
import { at, follows, leads, mutely } from './views.ts';

type Seen = readonly [view: View, rule?: string];

/** Each view with what is decided on it, unless the row says otherwise. */
function watch(views: readonly Seen[]): { readonly doubt: Doubt | null; readonly ends: readonly WatchStep['ended'][] } {
  let state = nothingWatched;
  const ends: WatchStep['ended'][] = [];
  for (const [view, rule] of views) {
    const step = watchDoubt(state, view, { rule: rule ?? decide(view).rule });
    state = step.state;
    if (step.ended !== null) ends.push(step.ended);
  }
  return { doubt: state.doubt, ends };
}

const well = leads();
const failing = (ms: number) => at(ms, leads({ failingSinceMono: ago(-100) }, { peer: answers }));

describe('a doubt', () => {
  test('begins where all was well, and has healed when all is well again', () => {
    const { ends } = watch([[well], [failing(200)], [failing(700)], [at(900, well)]]);
    expect(ends).toMatchObject([
      { how: 'healed', doubt: { about: 'a', as: 'leader', sinceMono: ago(-100), signs: ['connections-fail'] } },
    ]);
    // 800 of 1500 ms had passed when it had healed.
    expect(ends[0]?.doubt.closest).toEqual({ rule: 'fence-hung', headroomMs: 700, afterMs: 800 });
  });

  test('does not begin where nothing was well yet: a standby that starts has no stream', () => {
    const starting = follows({ receiverGoneSinceMono: ago(500), streamingFrom: null });
    expect(watch([[starting], [at(100, starting)], [at(200, follows())]])).toEqual({ doubt: null, ends: [] });
  });

  test('that goes on has the signs in the order in which they came', () => {
    const { doubt } = watch([
      [follows()],
      [at(100, follows({ receiverGoneSinceMono: ago(-50), streamingFrom: null }))],
      [at(200, follows({ receiverGoneSinceMono: ago(-50), streamingFrom: null }, mutely.refusedOnce))],
    ]);
    expect(doubt).toMatchObject({ as: 'candidate', signs: ['stream-gone', 'postgres-refused', 'daemon-refused'] });
  });

  test('in which no rule was on the way to declare a failure has no headroom', () => {
    const { ends } = watch([
      [follows()],
      [at(100, follows({}, { ...answers, postgres: refuses.postgres }))],
      [at(300, follows())],
    ]);
    expect(ends).toMatchObject([{ how: 'healed', doubt: { closest: null } }]);
  });

  test('ends with what its leader does about it', () => {
    const { ends } = watch([[well], [failing(200)], [failing(1_700), 'fence-hung']]);
    expect(ends).toMatchObject([{ how: 'failed' }]);
  });

  test('of a candidate whose takeover came to nothing has healed, with nothing left', () => {
    const gone = { receiverGoneSinceMono: ago(100), streamingFrom: null };
    const { ends } = watch([[at(-200, follows())], [follows(gone, refuses), 'take-over'], [at(100, follows())]]);
    expect(ends).toMatchObject([{ how: 'healed', doubt: { closest: { rule: 'take-over', headroomMs: 0 } } }]);
  });

  test.each([
    ['another member leads', aView(aStandby(), { state: { leader: ledBy('a') } })],
    ['postgres here is no standby any more', aView({ kind: 'unknown' }, { state: { leader: ledBy('b') } })],
    ['somebody asked for a switchover', { request: true }],
  ])('is nobody’s any more once %s', (_says, then) => {
    const doubting = follows({}, mutely.refusedOnce);
    const { coordinator } = doubting;
    const last =
      'request' in then && coordinator.kind === 'read'
        ? {
            ...doubting,
            coordinator: { ...coordinator, state: { ...coordinator.state, request: present(aRequest()) } },
          }
        : (then as View);
    expect(watch([[at(-100, follows())], [doubting], [at(100, last)]]).ends).toMatchObject([{ how: 'moot' }]);
  });

  test('does not begin while something is planned', () => {
    const planned = { ...refuses, report: { ...answers.report!, planned: true } };
    expect(watch([[follows()], [at(100, follows({}, planned))], [at(200, follows())]]).ends).toEqual([]);
  });

  test('about a key that went and came back with the same leader has healed', () => {
    const keyless = follows();
    const { coordinator } = keyless;
    if (coordinator.kind !== 'read') throw new Error('no state');
    const without = (more: Partial<typeof coordinator>) => ({
      ...keyless,
      coordinator: { ...coordinator, ...more, state: { ...coordinator.state, leader: absent } },
    });
    const again = {
      ...keyless,
      coordinator: {
        ...coordinator,
        state: { ...coordinator.state, leader: present({ member: b, leaseId: ledLease }, revision(140)) },
      },
    };
    const { ends } = watch([
      [keyless],
      [at(100, without({ leaderAbsentSinceMono: ago(-100) })), 'yield-campaign'],
      [at(200, again)],
    ]);
    expect(ends).toMatchObject([{ how: 'healed', doubt: { signs: ['key-gone'] } }]);
  });
});

const ledLease = (ledBy('b') as Extract<ReturnType<typeof ledBy>, { kind: 'present' }>).value.leaseId;

describe('views of a doubt', () => {
  const taken = (gaps: readonly number[], lasted: (at: number) => number, edge = false): number => {
    let sampling: Sampling = noSamples;
    let [nowMono, count] = [0, 0];
    for (const gap of gaps) {
      nowMono += gap;
      const step = sampled(sampling, monoMs(nowMono), lasted(nowMono), edge);
      sampling = step.sampling;
      if (step.take) count += 1;
    }
    return count;
  };

  test('are journalled every 100 ms while it is young, and ever more rarely', () => {
    const ticks = (lastsMs: number) => Array.from({ length: lastsMs / 50 }, () => 50);
    expect([10_000, 120_000].map((ms) => taken(ticks(ms), (nowMono) => nowMono))).toEqual([100, 210]);
  });

  test('never fill the disk, whatever happens: some hundred at once, and six a minute', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 3_000 }), fc.boolean(), (gaps, edge) => {
        const lastsMs = gaps.reduce((sum, gap) => sum + gap, 0);
        expect(taken(gaps, () => 0, edge)).toBeLessThanOrEqual(301 + lastsMs / 10_000);
      }),
      { numRuns: 50 },
    );
  });
});
