import { expect, test } from 'vitest';
import { etcdAwaySince } from '../../src/core/etcd-away.ts';
import { monoMs } from '../../src/core/units.ts';
import type { View } from '../../src/core/view.ts';

const aView = (since: number | null, peer: 'reachable' | 'unreachable' | null, ageMs = 1_000): View =>
  ({
    nowMono: monoMs(100_000),
    coordinator: { kind: 'read', unreachableSinceMono: since === null ? null : monoMs(since) },
    peers: new Map(peer === null ? [] : [['b', { report: { atMono: monoMs(100_000 - ageMs), etcd: peer } }]]),
  }) as unknown as View;

test.each([
  ['it answers', aView(null, null), null],
  ['it does not, and nobody else is there', aView(50_000, null), 50_000],
  ['it does not, for others too', aView(50_000, 'unreachable'), 50_000],
  ['another one reads it: this member alone is cut off', aView(50_000, 'reachable'), null],
  ['another one read it, but has not answered for long', aView(50_000, 'reachable', 6_000), 50_000],
  [
    'nothing was read yet',
    { ...aView(1, null), coordinator: { kind: 'never-read', sinceMono: monoMs(0) } } as View,
    null,
  ],
])('etcd is away: %s', (_says, view, since) => {
  expect(etcdAwaySince(view)).toBe(since);
});
