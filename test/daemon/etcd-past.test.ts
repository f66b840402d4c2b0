/** Who leads in an etcd that is not believed (I11): it must be told from who led in it long ago, and from another cluster. */
import { expect, test } from 'vitest';
import { leaseId, memberName, revision } from '../../src/core/units.ts';
import { EtcdPast } from '../../src/daemon/etcd-past.ts';
import { FactKeeper } from '../../src/daemon/fact-keeper.ts';
import { type KeptFacts, type KeptState, nothingKept } from '../../src/ports/journal.ts';
import { present } from '../core/a-view.ts';
import { realClock } from '../support/real-clock.ts';
import { shown } from './shown.ts';

const believed = shown('e1', revision(1_000), revision(50));

const aPast = (seen: Pick<KeptFacts, 'etcdClusterId' | 'highestRevision' | 'highestTerm'>) => {
  const facts = { ...nothingKept, ...seen };
  const kept: KeptState = { read: () => facts, write: async () => undefined };
  return new EtcdPast(new FactKeeper(realClock, kept, () => undefined));
};

test.each([
  ['a leader of before the restore', shown('restored', revision(61), revision(47)), null],
  [
    'a key that somebody put back by hand, on no lease,',
    shown('restored', revision(75), null, {
      leader: { kind: 'present', value: { member: memberName('b'), leaseId: leaseId('0') }, modRevision: revision(70) },
    }),
    null,
  ],
  ['nobody', shown('restored', revision(61), null), null],
  ['a leader since', shown('restored', revision(75), revision(70)), 'b'],
  ['the leader of another cluster', shown('restored', revision(75), revision(70), { initialize: present('1') }), null],
])('%s in an etcd that is not believed: overtaken by %s', (_what, later, by) => {
  const past = aPast({ etcdClusterId: 'e1', highestRevision: 1_000, highestTerm: 50 });
  expect(past.believes(shown('restored', revision(60), revision(47)), believed)).toBe(false);
  expect(past.overtakenBy).toBeNull();
  expect(past.believes(later, believed)).toBe(false);
  expect(past.overtakenBy).toBe(by);
});

test('an etcd that goes forward is believed', () => {
  const past = aPast({ etcdClusterId: null, highestRevision: 0, highestTerm: 0 });
  expect(past.believes(shown('e1', revision(10), revision(5)), null)).toBe(true);
  expect(past.believes(shown('e1', revision(11), revision(11)), believed)).toBe(true);
  expect(past.held).toEqual([]);
});
