/** What an observer's recorder is told by the keys alone. */
import { expect, test } from 'vitest';
import type { ClusterState } from '../../../src/core/cluster.ts';
import { revision } from '../../../src/core/units.ts';
import { observedFacts } from '../../../src/daemon/observer/observed-facts.ts';
import { a, absent, aState, aView, b, ledBy, present, record, sync } from '../../core/a-view.ts';

const view = aView({ kind: 'absent' });
const led = aState();
const alone = aState({ sync: present(sync(a, [])) });
const leaderless = aState({ leader: absent });
const retaken = aState({
  leader: { ...ledBy('a'), modRevision: revision(300) } as ClusterState['leader'],
  sync: present(sync(a, [])),
});
const moved = aState({
  leader: { ...ledBy('b'), modRevision: revision(300) } as ClusterState['leader'],
  sync: present(sync(b, [])),
});
const kept = aState({
  members: new Map([
    [a, present(record('a', { divergedKept: '/x' }))],
    [b, present(record('b'))],
  ]),
});

const rows: readonly (readonly [
  says: string,
  was: ClusterState | null,
  now: ClusterState,
  facts: readonly object[],
])[] = [
  ['who leads, when it begins', null, led, [{ kind: 'leader-seen', leader: { member: 'a' } }, { kind: 'redundant' }]],
  ['nothing, while nothing changes', led, led, []],
  ['that the standby is lost', led, alone, [{ kind: 'redundancy-lost' }]],
  ['that it is back', alone, led, [{ kind: 'redundant' }]],
  ['nothing of who leads, while nobody does', led, leaderless, []],
  [
    'that the same member leads again, in another term',
    leaderless,
    retaken,
    [{ kind: 'leader-changed-elsewhere', leader: { member: 'a' }, previousLeader: { member: 'a' } }],
  ],
  [
    'that another member leads',
    led,
    moved,
    [
      { kind: 'leader-changed-elsewhere', leader: { member: 'b' }, previousLeader: { member: 'a' } },
      { kind: 'redundancy-lost' },
    ],
  ],
  ['what a member had diverged by', led, kept, [{ kind: 'noted' }]],
  [
    'nothing that is anybody’s outage, when a cluster is made',
    aState({ leader: absent, sync: absent }),
    led,
    [{ kind: 'leader-seen' }, { kind: 'redundant' }],
  ],
];

test.each(rows)('is told %s', (_says, was, now, facts) => {
  expect(observedFacts(was, now, view)).toMatchObject(facts);
  expect(observedFacts(was, now, view)).toHaveLength(facts.length);
});
