/** When the cluster is redundant in mode `off`, where no key says so: as the leader sees it, and as a standby does. */
import { expect, test } from 'vitest';
import type { View } from '../../src/core/view.ts';
import { redundancyFacts } from '../../src/daemon/redundancy-facts.ts';
import type { ClusterState } from '../../src/core/cluster.ts';
import { monoMs, wallMs } from '../../src/core/units.ts';
import { a, aPrimary, aSender, aStandby, aState, aView, b, ledBy, now, present, record, sync } from '../core/a-view.ts';

const stateWith = (leader: 'a' | 'b', standby: 'streaming' | 'stopped'): ClusterState =>
  aState({
    leader: ledBy(leader),
    sync: present(sync(leader === 'a' ? a : b, [], { mode: 'off' })),
    members: new Map([
      [a, present(record('a', leader === 'a' ? { role: 'primary', state: 'running' } : { state: standby }))],
      [b, present(record('b', leader === 'b' ? { role: 'primary', state: 'running' } : { state: standby }))],
    ]),
  });
const kinds = (before: View, was: ClusterState, view: View, state: ClusterState) =>
  redundancyFacts(before, view, state, was, { atMono: monoMs(now), wall: wallMs(0) }).map(({ kind }) => kind);

test("a standby learns from the members' keys that redundancy is back, and that it is lost", () => {
  const [alone, both] = [stateWith('b', 'stopped'), stateWith('b', 'streaming')];
  const view = aView(aStandby());
  expect(kinds(view, alone, view, both)).toEqual(['redundant']);
  expect(kinds(view, both, view, both)).toEqual([]);
  expect(kinds(view, both, view, alone)).toEqual(['redundancy-lost']);
});

test('the leader sees who streams from it, whatever the keys say', () => {
  const state = stateWith('a', 'streaming');
  const [alone, followed] = [aView(aPrimary({ walsenders: [] })), aView(aPrimary({ walsenders: [aSender()] }))];
  expect(kinds(alone, state, followed, state)).toEqual(['redundant']);
  expect(kinds(followed, state, alone, state)).toEqual(['redundancy-lost']);
});
