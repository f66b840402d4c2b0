/** How long what fails in a view could go on before the rules of production declare a failure. */
import { describe, expect, test } from 'vitest';
import { declaresAt } from '../../../src/core/doubt/headroom.ts';
import { later } from '../../../src/core/doubt/later.ts';
import { decide } from '../../../src/core/decide.ts';
import { watched } from '../../../src/core/doubt/signs.ts';
import type { View } from '../../../src/core/view.ts';
import { ago, answers, aPrimary, aProbe, aSender, aStandby, aView, b, ledBy, now, refuses, silent } from '../a-view.ts';
import { leads, follows, mutely } from './views.ts';

type Row = readonly [says: string, view: View, rule: string | null, inMs: number | null];

const rows: readonly Row[] = [
  ['a leader of which all is well', leads(), null, null],
  ['a standby of a leader of which all is well', follows(), null, null],
  [
    'fresh connections have failed for 600 ms of 1500, and nothing was acknowledged since',
    leads({ failingSinceMono: ago(600), probe: aProbe({ ackedSentMono: ago(700), provedSentMono: ago(700) }) }),
    'fence-hung',
    900,
  ],
  [
    'fresh connections have failed for 600 ms, and sessions are served: four times as long',
    leads({ failingSinceMono: ago(600) }),
    'fence-hung',
    5_400,
  ],
  [
    'the same in mode off, where nothing proves more than that',
    leads(
      { failingSinceMono: ago(600), probe: aProbe({ ackedSentMono: ago(200), provedSentMono: null }) },
      { mode: 'off', state: { sync: mutely.off } },
    ),
    'fence-hung',
    5_400,
  ],
  [
    'commits are stuck for 1 s of 1.5 s, as of a look 50 ms ago',
    leads({ probe: aProbe({ stuckSinceMono: ago(1_050) }) }),
    'fence-hung',
    500,
  ],
  [
    'the lease was renewed 3 s ago, of 5 s less 500 ms, and no standby is waited for in mode off',
    aView(aPrimary(), { mode: 'off', state: { sync: mutely.off }, guardian: mutely.renewed(3_000) }),
    'fence-deadline',
    1_500,
  ],
  [
    'the lease was renewed 3 s ago, and the standby still acknowledges (I6)',
    aView(aPrimary(), { guardian: mutely.renewed(3_000) }),
    null,
    null,
  ],
  [
    'the lease was renewed 1 s ago, nothing is acknowledged for 1 s: the guardian cuts off at the failsafe window',
    leads(
      { probe: aProbe({ provedSentMono: ago(1_000) }), walsenders: [aSender({ flushChangedMono: ago(1_000) })] },
      { guardian: mutely.renewed(1_000), peer: mutely.gone, reachedMs: 1_300 },
    ),
    'fenced-by-guardian',
    501,
  ],
  [
    'the same, and a majority of etcd is heard, which only does not answer',
    leads(
      { probe: aProbe({ provedSentMono: ago(1_000) }), walsenders: [aSender({ flushChangedMono: ago(1_000) })] },
      { guardian: mutely.renewed(1_000), peer: mutely.gone, unreachable: true, reachedMs: 700 },
    ),
    'fence-deadline',
    3_500,
  ],
  [
    'the same, and the standby, which is behind, goes on flushing: until the deadline, past which that proves nothing',
    leads({ probe: aProbe({ provedSentMono: ago(1_000) }) }, { guardian: mutely.renewed(1_000), peer: mutely.gone }),
    'fence-deadline',
    3_500,
  ],
  ['postgres alone does not answer', follows({}, { ...answers, postgres: silent.postgres }), null, null],
  [
    'postgres and daemon have been silent for 600 ms, the stream for 600 ms of 1 s',
    follows({ receivedChangedMono: ago(600) }, mutely.silentFor(600)),
    'take-over',
    // The lease shows it after one silent second; the stream, seen 50 ms ago, has been silent for 550 ms then.
    450,
  ],
  [
    'both refuse, and the stream is gone: at the second refusal',
    follows({ receiverGoneSinceMono: ago(30), streamingFrom: null }, mutely.refusedOnce),
    'take-over',
    expect.closeTo(70, -2) as unknown as number,
  ],
];

describe('what is left', () => {
  test.each(rows)('%s: %s', (_says, view, rule, inMs) => {
    const at = declaresAt(view);
    expect(at === null ? [null, null] : [at.rule, at.atMono - now]).toEqual([rule, inMs]);
  });

  test('a failure that is declared by now has nothing left', () => {
    const view = follows({ receiverGoneSinceMono: ago(200), streamingFrom: null }, refuses);
    expect([decide(view).rule, declaresAt(view)?.atMono]).toEqual(['take-over', now]);
  });

  test('of a host whose daemon does not answer it is not assumed that its lease is renewed', () => {
    const view = later(follows({}, mutely.silentFor(600)), 500);
    expect(view.peers.get(b)?.lease?.remainingS).toBe(3);
  });
});

describe('signs', () => {
  test('a member that is no standby watches over nobody', () => {
    expect(watched(aView({ kind: 'absent' }, { state: { leader: ledBy('b') } }))).toBeNull();
  });

  test('what is planned is told as such', () => {
    const report = { ...answers.report!, planned: true };
    expect(watched(follows({}, { ...refuses, report }))?.planned).toBe(true);
  });

  test('a renewal counts as late from half of the deadline on', () => {
    const late = (ms: number) => watched(aView(aPrimary(), { guardian: mutely.renewed(ms) }))?.signs;
    expect([late(2_249), late(2_250)]).toEqual([[], [{ name: 'renewal-late', sinceMono: ago(2_250) }]]);
  });

  test('a stream counts as silent from three quarters of its limit on', () => {
    const standby = aStandby({ receivedChangedMono: ago(800), seenMono: ago(50) });
    expect(watched(aView(standby, { state: { leader: ledBy('b') } }))?.signs).toEqual([
      { name: 'stream-silent', sinceMono: ago(800) },
    ]);
  });
});
