/** A soak in which anybody moved or was stopped has failed; doubts that healed are told, the nearest first. */
import { describe, expect, test } from 'vitest';
import type { JournalEntry } from '../../scripts/chaos/journal-mark.ts';
import { nearMissesOf, type SoakFacts, soakComplaints } from '../../scripts/chaos/soak/judge.ts';
import { check } from '../../scripts/chaos/workload/check.ts';
import { a1, aHistory, b2, did, insert } from './a-history.ts';

const entry = (changes: Partial<JournalEntry>): JournalEntry => ({
  ...{ member: 'a', wallMs: 0, monoMs: 0, rule: null, event: null, because: null, details: {}, intents: [] },
  ...changes,
});

const calm: SoakFacts = {
  entries: [entry({ rule: 'lead' }), entry({ member: 'b', rule: 'follow' }), entry({ rule: 'sync-remove-lost' })],
  ...{ oldLeader: 'a', newLeader: 'a', promotions: 0, failures: [] },
  verdict: check(aHistory([did(1, insert, 0)])),
};

const cases: readonly (readonly [says: string, facts: SoakFacts, complaints: readonly string[]])[] = [
  ['nobody moved and nobody was stopped; a standby may be lost for a moment', calm, []],
  ['a strain could not go on', { ...calm, failures: ['pgbench could not go on'] }, ['pgbench could not go on']],
  ['another member leads', { ...calm, newLeader: 'b' }, ['b leads and a should have stayed the leader']],
  ['somebody was promoted, even if he was replaced again', { ...calm, promotions: 2 }, ['2 promotions']],
  [
    'a leader was fenced',
    { ...calm, entries: [entry({ rule: 'fence-hung', because: 'it hangs' })] },
    ['fence-hung: it hangs'],
  ],
  [
    'PostgreSQL was restarted',
    { ...calm, verdict: check(aHistory([did(1, insert, 0), did(2, insert, 5, { server: { ...a1 } })])) },
    ['2 runs of PostgreSQL acknowledged writes'],
  ],
  [
    'a write was lost',
    { ...calm, verdict: check(aHistory([did(1, insert, 0, { server: b2 })], { inserts: new Map() })) },
    ['missing: insert 1 of client 1 through b on timeline 2 was acknowledged at 1.0 ms'],
  ],
];

describe('the judge of a soak', () => {
  for (const [says, facts, complaints] of cases)
    test(says, () => {
      expect(soakComplaints(facts)).toEqual(complaints);
    });

  test('doubts that healed are listed with what was left, the nearest first', () => {
    const miss = (headroomMs: number | null, ...signs: readonly string[]) =>
      entry({ member: 'b', event: 'near-miss', details: { lastedMs: 300, headroomMs, signs } });
    const misses = [miss(null, 'stream-gone'), miss(1_700, 'a', 'b'), entry({ rule: 'lead' }), miss(200, 'c')];
    expect(nearMissesOf(misses)).toEqual([
      { member: 'b', lastedMs: 300, headroomMs: 200, signs: 'c' },
      { member: 'b', lastedMs: 300, headroomMs: 1_700, signs: 'a, b' },
      { member: 'b', lastedMs: 300, headroomMs: null, signs: 'stream-gone' },
    ]);
  });
});
