import { describe, expect, test } from 'vitest';
import { backing } from '../../src/core/backing.ts';
import type { PeerView } from '../../src/core/view.ts';
import type { PrimaryView } from '../../src/core/postgres-view.ts';
import { lsn, memberName } from '../../src/core/units.ts';
import { a, ago, answers, aPrimary, aProbe, aSender, aState, aView, b, copyOf, present, sync } from './a-view.ts';

const state = aState();
const proved = (ms: number) => aPrimary({ walsenders: [], probe: aProbe({ provedSentMono: ago(ms) }) });
const flushed = (ms: number) => aSender({ flushLsn: lsn(0x4000000n), flushChangedMono: ago(ms) });
const said = (ms: number, role: 'standby' | 'primary' | 'none' = 'standby'): PeerView => ({
  ...answers,
  report: answers.report && { ...answers.report, role, atMono: ago(ms) },
});

describe('the proof of a leadership is overdue when nothing shows for the failsafe window that the standby still follows', () => {
  test.each<[says: string, provedMs: number, peer: PeerView, overdue: boolean]>([
    ['a commit that it has flushed', 1_400, said(5_000), false],
    ['its own word, while its disk is busy', 1_600, said(1_000), false],
    ['neither for so long', 1_600, said(1_600), true],
    ['its word that it is a primary', 1_600, said(100, 'primary'), true],
    ['its word that nothing runs there', 1_600, said(100, 'none'), true],
    ['no word at all', 1_600, { ...answers, report: null }, true],
  ])('%s', (_says, provedMs, peer, overdue) => {
    expect(backing(aView(proved(provedMs), { peer, reachedMs: 1_600 }), state)).toEqual({
      kind: 'proved-commits',
      sentMono: ago(provedMs),
      overdue,
    });
  });

  test.each<[says: string, primary: Partial<PrimaryView>, overdue: boolean]>([
    ['its flushes, while it is far behind and its daemon is not heard', { walsenders: [flushed(1_400)] }, false],
    ['not those of so long ago', { walsenders: [flushed(1_600)] }, true],
    [
      'not those of another copy of its name',
      { walsenders: [{ ...flushed(100), applicationName: 'baton_b_x' }] },
      true,
    ],
    ['nothing at all', { walsenders: [] }, true],
  ])('%s', (_says, changes, overdue) => {
    const primary = aPrimary({ ...changes, probe: aProbe({ provedSentMono: ago(1_600) }) });
    expect(backing(aView(primary, { peer: said(5_000), reachedMs: 1_600 }), state)).toMatchObject({ overdue });
  });

  test('its word that it is a primary is believed more than what it flushed before', () => {
    const primary = aPrimary({ walsenders: [flushed(900)], probe: aProbe({ provedSentMono: ago(1_600) }) });
    const view = aView(primary, { peer: said(100, 'primary'), reachedMs: 1_600 });
    expect(backing(view, state)).toMatchObject({ overdue: true });
  });

  test.each<[says: string, reachedMs: number | null, overdue: boolean]>([
    ['a majority of etcd that is heard, and slow or without a leader: nobody is cut off from it', 1_400, false],
    ['a majority of etcd that is not heard any more', 1_600, true],
    ['an etcd of which no majority was ever heard', null, true],
  ])('%s', (_says, reachedMs, overdue) => {
    const view = aView(proved(1_600), { peer: said(5_000), unreachable: true, reachedMs });
    expect(backing(view, state)).toMatchObject({ overdue });
  });

  test('of two that are named each must show it, in whatever way', () => {
    const c = memberName('c');
    const both = aState({
      sync: present(sync(a, [c, b], { copies: { a: copyOf.a, b: copyOf.b, c: copyOf.b } })),
    });
    const primary = aPrimary({ walsenders: [flushed(100)], probe: aProbe({ provedSentMono: ago(1_600) }) });
    const view = aView(primary, { peer: said(5_000), state: both, reachedMs: 1_600 });
    expect(backing(view, both)).toMatchObject({ overdue: true });
    const heard = { ...view, peers: new Map([...view.peers, [c, said(100)] as const]) };
    expect(backing(heard, both)).toMatchObject({ overdue: false });
  });

  test('and whoever PostgreSQL waits for without being named says nothing for itself', () => {
    const unnamed = aState({ sync: present(sync(a, [])) });
    const view = aView(proved(1_600), { peer: said(100), state: unnamed, reachedMs: 1_600 });
    expect(backing(view, unnamed)).toMatchObject({ overdue: true });
    expect(unnamed.members.has(b)).toBe(true);
  });
});
