import { describe, expect, test } from 'vitest';
import { type HealthCheck, isAlive, isHealthy, isReady, noLimits } from '../../src/core/health.ts';
import { leaseId, type MemberName, monoMs, parseLsn } from '../../src/core/units.ts';
import type { View } from '../../src/core/view.ts';
import {
  absent,
  aRecord,
  aState,
  aSync,
  held,
  leaderView,
  now,
  present,
  primary,
  read,
  reading,
  slough,
  standby,
  standbyView,
} from './views.ts';

const everyCheck: readonly HealthCheck[] = [
  'primary',
  'leader',
  'replica',
  'read-only',
  'synchronous',
  'read-only-sync',
  'asynchronous',
  'health',
];
const lease = (view: View['guardian']['lease']) => ({ guardian: { ...leaderView().guardian, lease: view } });
const child = (view: View['guardian']['child'], of = leaderView()) => ({ guardian: { ...of.guardian, child: view } });
const withoutPast = (overtakenBy: MemberName | null = null) => ({
  memory: {
    ...leaderView().memory,
    held: [{ code: 'etcd-replaced', reason: 'another etcd' } as const],
    overtakenBy,
  },
});
const asLeader = ['primary', 'leader', 'read-only', 'read-only-sync', 'health'] as const;
const asSync = ['replica', 'read-only', 'synchronous', 'read-only-sync', 'health'] as const;
const asAsync = ['replica', 'read-only', 'asynchronous', 'health'] as const;

describe('which checks pass', () => {
  const cases: readonly (readonly [says: string, view: View, passing: readonly HealthCheck[]])[] = [
    ['a leader with a fresh lease', leaderView(), asLeader],
    [
      'a leader at its deadline whose commits its standby acknowledges',
      leaderView(lease(held('slough-a', 4_600))),
      asLeader,
    ],
    [
      'a leader past its deadline, last proved too long ago',
      leaderView({
        ...lease(held('slough-a', 4_600)),
        postgres: { ...primary, probe: { ...primary.probe, provedSentMono: monoMs(now - 1_600) } },
      }),
      ['health'],
    ],
    [
      'a leader past its deadline with nobody else eligible',
      leaderView({ ...lease(held('slough-a', 60_000)), coordinator: read(aState({ sync: aSync({ standbys: [] }) })) }),
      asLeader,
    ],
    [
      'a leader past its deadline in mode off',
      leaderView({ ...lease(held('slough-a', 4_600)), coordinator: read(aState({ sync: aSync({ mode: 'off' }) })) }),
      ['health'],
    ],
    [
      'one millisecond before the deadline in mode off',
      leaderView({ ...lease(held('slough-a', 4_499)), coordinator: read(aState({ sync: aSync({ mode: 'off' }) })) }),
      asLeader,
    ],
    [
      'a leader without a lease in an etcd that lost its past, whose standby acknowledges',
      leaderView({ ...lease({ kind: 'gone', leaseId: leaseId('11') }), ...withoutPast() }),
      asLeader,
    ],
    [
      'the same in mode off',
      leaderView({
        ...lease({ kind: 'gone', leaseId: leaseId('11') }),
        ...withoutPast(),
        coordinator: read(aState({ sync: aSync({ mode: 'off' }) })),
      }),
      ['health'],
    ],
    ['one that was succeeded in that etcd', leaderView(withoutPast(reading)), ['health']],
    ['a standby of an etcd that lost its past', standbyView(withoutPast()), asSync],
    ['a leader whose lease etcd says is gone', leaderView(lease({ kind: 'gone', leaseId: leaseId('11') })), ['health']],
    [
      'the key names it on another lease',
      leaderView(lease({ ...held('slough-a'), leaseId: leaseId('12') } as View['guardian']['lease'])),
      ['health'],
    ],
    ['a primary without the key', leaderView({ coordinator: read(aState({ leader: absent })) }), ['health']],
    [
      'a primary while the key names another',
      leaderView({ coordinator: read(aState({ leader: present({ member: reading, leaseId: leaseId('22') }) })) }),
      ['health'],
    ],
    [
      'a primary that has never read etcd',
      leaderView({ coordinator: { kind: 'never-read', sinceMono: monoMs(0) } }),
      ['health'],
    ],
    [
      'a leader that does not let clients in yet',
      leaderView({ postgres: { ...primary, admits: 'baton-only' } }),
      ['leader', 'health'],
    ],
    ['a leader that is still a standby', leaderView({ postgres: standby }), ['leader', ...asAsync]],
    [
      'a leader whose postgres has exited',
      leaderView(child({ kind: 'exited', exit: { atMono: now, code: 1, signal: null, requested: false } })),
      ['leader'],
    ],
    [
      'a leader whose postgres is being stopped',
      leaderView(child({ kind: 'stopping', pid: 1, sinceMono: now })),
      ['leader'],
    ],
    ['a synchronous standby', standbyView(), asSync],
    [
      'a standby that sync does not name',
      standbyView({ coordinator: read(aState({ sync: aSync({ standbys: [] }) })) }),
      asAsync,
    ],
    ['a standby of which sync names another copy', standbyView({ postgres: { ...standby, copyId: null } }), asAsync],
    ['a standby in mode off', standbyView({ coordinator: read(aState({ sync: aSync({ mode: 'off' }) })) }), asAsync],
    [
      'a standby that has never read etcd',
      standbyView({ coordinator: { kind: 'never-read', sinceMono: monoMs(0) } }),
      asAsync,
    ],
    ['a standby that is starting', standbyView({ postgres: { kind: 'starting', sinceMono: now } }), []],
    ['a stopped member', standbyView({ postgres: { kind: 'unknown' } }), []],
  ];
  for (const [says, view, passing] of cases)
    test(says, () =>
      expect(everyCheck.filter((check) => isHealthy(check, view, noLimits))).toEqual(
        everyCheck.filter((check) => (passing as readonly string[]).includes(check)),
      ),
    );
});

describe('limits of a standby', () => {
  // The standby has replayed 256 bytes less than it and the leader have.
  const lag = (lagBytesMax: number, view = standbyView()) => isHealthy('replica', view, { ...noLimits, lagBytesMax });
  test('lag counts what queries see', () => {
    expect(lag(256)).toBe(true);
    expect(lag(255)).toBe(false);
  });
  test('a leader that nobody knows the position of is not near', () => {
    const state = aState({ members: new Map([[slough, aRecord(slough, { lsn: null })]]) });
    expect(lag(1_000_000, standbyView({ coordinator: read(aState({ leader: absent })) }))).toBe(false);
    expect(lag(256, standbyView({ coordinator: read(state) }))).toBe(true);
  });
  test("a leader's own report counts when it is further", () => {
    const report = {
      atMono: now,
      role: 'primary',
      state: 'running',
      timeline: null,
      lsn: parseLsn('0/6000000'),
      copyId: null,
      runId: null,
      planned: false,
    } as const;
    const view = standbyView({ peers: new Map([[slough, { postgres: null, daemon: null, report, lease: null }]]) });
    expect(lag(256, view)).toBe(false);
  });
  test('replication_state and tags', () => {
    const passes = (limits: Partial<typeof noLimits>, view = standbyView()) =>
      isHealthy('replica', view, { ...noLimits, ...limits });
    const cut = standbyView({ postgres: { ...standby, streamingFrom: null } });
    expect(passes({ replicationState: 'streaming' })).toBe(true);
    expect(passes({ replicationState: 'streaming' }, cut)).toBe(false);
    expect(passes({}, cut)).toBe(true);
    expect(passes({ tags: new Map([['nosync', 'False']]) })).toBe(true);
    expect(passes({ tags: new Map([['nosync', 'true']]) })).toBe(false);
    expect(passes({ tags: new Map([['colour', 'blue']]) })).toBe(false);
  });
});

describe('readiness', () => {
  const cases: readonly (readonly [says: string, view: View, ready: boolean])[] = [
    ['the leader', leaderView(), true],
    ['the leader while etcd is away, backed', leaderView({ coordinator: read(aState(), monoMs(now - 30_000)) }), true],
    ['a streaming standby', standbyView(), true],
    ['a standby without a stream', standbyView({ postgres: { ...standby, streamingFrom: null } }), false],
    ['a standby that cannot reach etcd', standbyView({ coordinator: read(aState(), now) }), false],
    ['a standby too far behind', standbyView({ postgres: { ...standby, replayLsn: parseLsn('0/4000000') } }), false],
  ];
  for (const [says, view, ready] of cases)
    test(`${says}: ${ready ? 'ready' : 'not ready'}`, () => expect(isReady(view, 'apply', null)).toBe(ready));
  test('mode write counts what was received, not what was replayed', () => {
    const view = standbyView({ postgres: { ...standby, replayLsn: parseLsn('0/4000000') } });
    expect(isReady(view, 'write', 0)).toBe(true);
    expect(isReady(view, 'apply', 0)).toBe(false);
  });
});

test('alive is a loop that ran within one ttl on a primary, two elsewhere', () => {
  expect([isAlive(leaderView(), 4_999), isAlive(leaderView(), 5_000)]).toEqual([true, false]);
  expect([isAlive(standbyView(), 9_999), isAlive(standbyView(), 10_000)]).toEqual([true, false]);
});
