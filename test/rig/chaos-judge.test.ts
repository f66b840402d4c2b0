import { expect, test } from 'vitest';
import { always, type Expectation } from '../../scripts/chaos/fault.ts';
import { complaintsOf } from '../../scripts/chaos/judge.ts';
import type { Observed } from '../../scripts/chaos/observed.ts';
import { observation } from './an-observation.ts';

const must: Expectation = {
  leader: { strict: 'either', or: 'other' },
  promotions: always([1, 1]),
  outage: { strict: { msMaxAfterHealing: 1_000 }, or: { msMax: 2_000 } },
  redundantMsMax: 5_000,
  meanwhile: { off: 'nobody', or: 'other' },
  rules: { off: [], or: [['take-over', 'campaign'], 'promote'] },
  never: ['fence-hung'],
  rowsLostMaxOff: 5,
};

const lost = (missing: number) => ({ anomalies: { ...observation.anomalies, missing, readThenLost: missing } });

const rows: readonly (readonly [says: string, differs: Partial<Observed>, complaint: RegExp | null])[] = [
  ['what was expected', {}, null],
  ['one rule of several that would do', { rules: ['campaign', 'promote'] }, null],
  ['a long outage where writes wait for the healing', { mode: 'strict', outageMs: 4_900 }, null],
  ['an outage longer than the fault and its allowance', { mode: 'strict', outageMs: 5_100 }, /at most 5000 ms/],
  ['an outage that is too long', { outageMs: 2_001 }, /waited 2001 ms, at most 2000 ms/],
  ['redundancy that comes too late', { redundantMs: 5_001 }, /within 5000 ms/],
  ['a leader that there must not be meanwhile', { meanwhile: 'a' }, /a led before the healing, expected: other/],
  ['the old leader', { newLeader: 'a' }, /a still leads/],
  ['two promotions', { promotions: 2 }, /2 promotions, expected 1 to 1/],
  ['a rule that nobody named', { rules: ['take-over'] }, /names promote/],
  ['none of several rules', { rules: ['promote'] }, /take-over or campaign/],
  ['a rule that must not fire', { rules: ['take-over', 'promote', 'fence-hung'] }, /fence-hung, which must not/],
  ['a lost write', lost(1), /1 of 100 acknowledged writes are lost, allowed 0/],
  ['a lost write in mode strict', { mode: 'strict', ...lost(1) }, /acknowledged writes are lost/],
  ['few lost writes in mode off', { mode: 'off', meanwhile: null, ...lost(5) }, null],
  ['many lost writes in mode off', { mode: 'off', ...lost(6) }, /6 of 100 acknowledged writes are lost, allowed 5/],
  [
    'two primaries, in mode off too',
    { mode: 'off', anomalies: { ...observation.anomalies, afterSuccessor: 1 } },
    /afterSuccessor 1/,
  ],
  ['a second batond', { strays: ['a has 2 processes batond: 5 6'] }, /2 processes batond/],
];

test.for(rows)('%s', ([, differs, complaint]) => {
  const complaints = complaintsOf({ ...observation, ...differs }, must);
  if (complaint === null) expect(complaints).toEqual([]);
  else expect(complaints.join('\n')).toMatch(complaint);
});
