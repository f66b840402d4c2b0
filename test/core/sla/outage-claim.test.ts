/** Who may record an outage of which no member with PostgreSQL is left to tell. */
import { describe, expect, test } from 'vitest';
import type { ClusterState } from '../../../src/core/cluster.ts';
import { claimOutage, giveBackOutage, isUnattended } from '../../../src/core/sla/outage-claim.ts';
import { leaseId, memberName, revision } from '../../../src/core/units.ts';
import { a, absent, aState, b, ledBy, malformed, present, record } from '../a-view.ts';

const o = memberName('o');
const observer = present(record('b', { name: o, role: 'observer', state: 'running', copyId: null }));
const gone: Partial<ClusterState> = { leader: absent, members: new Map([[o, observer]]) };

describe('nobody but observers is there', () => {
  const rows: readonly (readonly [says: string, state: ClusterState, unattended: boolean])[] = [
    ['when the leader key and all keys of members with PostgreSQL are gone', aState(gone), true],
    ['when no observer is registered either', aState({ ...gone, members: new Map() }), true],
    ['not while somebody leads', aState({ ...gone, leader: ledBy('a') }), false],
    ['not while a member is there that does not lead', aState({ leader: absent }), false],
    [
      'not while there is a key that cannot be read: it may be a member',
      aState({ ...gone, members: new Map([[b, malformed]]) }),
      false,
    ],
    ['not before the cluster was made: it has served nobody', aState({ ...gone, initialize: absent }), false],
  ];
  test.each(rows)('%s', (_says, state, unattended) => {
    expect(isUnattended(state)).toBe(unattended);
  });
});

test('a claim holds only while nobody leads, no member that was ever known is registered, and nobody else has claimed', () => {
  const txn = claimOutage(aState(gone), [memberName('c')], o, leaseId('33'));
  expect(txn).toEqual({
    compares: ['leader', 'recording', 'members/a', 'members/b', 'members/c'].map((key) => ({ key, absent: true })),
    writes: [{ op: 'put', key: 'recording', value: o, leaseId: leaseId('33') }],
  });
  expect(claimOutage(aState({ ...gone, sync: absent }), [a], o, leaseId('33')).compares).toHaveLength(3);
});

test('only the claim that was made is given back', () => {
  expect(giveBackOutage(revision(9))).toEqual({
    compares: [{ key: 'recording', modRevision: revision(9) }],
    writes: [{ op: 'delete', key: 'recording' }],
  });
});
