import { describe, expect, test } from 'vitest';
import { backing } from '../../src/core/backing.ts';
import type { PeerView } from '../../src/core/view.ts';
import { a, ago, answers, aPrimary, aProbe, aState, aView, b, present, sync } from './a-view.ts';

const state = aState();
const proved = (ms: number) => aPrimary({ probe: aProbe({ provedSentMono: ago(ms) }) });
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
    expect(backing(aView(proved(provedMs), { peer }), state)).toEqual({
      kind: 'proved-commits',
      sentMono: ago(provedMs),
      overdue,
    });
  });

  test('and whoever PostgreSQL waits for without being named says nothing for itself', () => {
    const unnamed = aState({ sync: present(sync(a, [])) });
    expect(backing(aView(proved(1_600), { peer: said(100), state: unnamed }), unnamed)).toMatchObject({
      overdue: true,
    });
    expect(unnamed.members.has(b)).toBe(true);
  });
});
