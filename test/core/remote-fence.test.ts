import { describe, expect, test } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import { type FenceTarget, type FoundServer, serverName, whyNotTarget } from '../../src/core/fence-target.ts';
import type { Predecessor } from '../../src/core/cluster.ts';
import { type RemoteFenceOutcome, type RemoteFenceView, wouldSucceed } from '../../src/core/remote-fence.ts';
import { copyId, lsn, type Revision, revision, timeline } from '../../src/core/units.ts';
import {
  a,
  absent,
  ago,
  answers,
  aPrimary,
  aState,
  aStandby,
  aView,
  b,
  type Changes,
  copyOf,
  policy,
  present,
  refuses,
  silent,
  sync,
  term,
} from './a-view.ts';

const systemIdentifier = '7000000000000000001';
const address = { host: '127.0.0.2', port: 5432, apiUrl: 'http://127.0.0.2:8008' };
const predecessor: Predecessor = { member: b, copyId: copyOf.b, runId: 'run-b', mayHaveMore: false, address };
/** As it is in etcd: of the leader key's revision, unless it is an earlier one's. */
const tookFrom = (from: Predecessor, at = term) => ({ predecessor: present(from, at) });
const tookInOff = (at = term) => ({ ...off, ...tookFrom({ ...predecessor, mayHaveMore: true }, at) });
const target = { member: b, copyId: copyOf.b, runId: 'run-b', systemIdentifier, timeline: timeline(1) };
const claimedHere = { sync: present(sync(a, [], { copies: { a: copyOf.a } })) };
const off = { sync: present(sync(a, [], { mode: 'off' })) };

const ended = (outcome: RemoteFenceOutcome, agoMs = 1_000, attempts = 1): RemoteFenceView => ({
  kind: 'ended',
  term,
  atMono: ago(agoMs),
  attempts,
  tookMs: 20,
  outcome,
});
const fenced = ended({ kind: 'fenced', how: 'killed', drained: null });
const another = ended({ kind: 'another-server', why: 'it is in recovery' });
const failed = (agoMs: number, attempts: number) => ended({ kind: 'failed', problem: 'refused' }, agoMs, attempts);
const underWay = { kind: 'under-way', term, sinceMono: ago(50), attempts: 1 } as const;

/** What a view decides: its rule, whether the old primary is fenced, and whether the promotion begins. */
function decided(changes: Changes, postgres = aStandby() as Parameters<typeof aView>[0]) {
  const memory = { leadingSinceMono: ago(200), ...changes.memory };
  const { rule, intents } = decide(aView(postgres, { ...changes, memory }));
  const fence = intents.find((intent) => intent.kind === 'fence-remote');
  const promotes = intents.some((intent) => intent.kind === 'operate' && intent.operation.kind === 'promote');
  return { rule, fence, promotes };
}

describe('a former primary that still answers', () => {
  const rows: readonly (readonly [says: string, changes: Changes, fences: boolean, promotes: boolean])[] = [
    [
      'is fenced beside the promotion in a synchronous mode',
      { state: { ...claimedHere, ...tookFrom(predecessor) } },
      true,
      true,
    ],
    ['is fenced before the promotion in mode off', { state: tookInOff() }, true, false],
    [
      'is fenced too when this daemon has just begun, and knows from etcd alone that it took the key',
      { state: tookInOff(), memory: { leadingSinceMono: ago(0) } },
      true,
      false,
    ],
    [
      'is asked first when this daemon has just begun and has asked nobody',
      { state: tookInOff(), peer: { ...answers, postgres: null } },
      false,
      false,
    ],
    [
      'is not waited for when it is not asked within a moment',
      { state: tookInOff(), peer: { ...answers, postgres: null }, memory: { leadingSinceMono: ago(1_600) } },
      false,
      true,
    ],
    [
      'is not asked first in a synchronous mode',
      { state: { ...claimedHere, ...tookFrom(predecessor) }, peer: { ...answers, postgres: null } },
      false,
      true,
    ],
    [
      'is left alone when its own daemon says that it is a standby by now',
      { state: tookInOff(), peer: { ...answers, report: answers.report && { ...answers.report, role: 'standby' } } },
      false,
      true,
    ],
    [
      'is fenced whatever became of a fence in an earlier term',
      { state: tookInOff(), memory: { remoteFence: { ...fenced, term: revision(99) } as RemoteFenceView } },
      true,
      false,
    ],
    [
      'keeps the promotion waiting in mode off while its fence is under way',
      { state: tookInOff(), memory: { remoteFence: underWay } },
      false,
      false,
    ],
    [
      'keeps no promotion waiting in a synchronous mode',
      { state: { ...claimedHere, ...tookFrom(predecessor) }, memory: { remoteFence: underWay } },
      false,
      true,
    ],
    ['is not fenced twice', { state: tookInOff(), memory: { remoteFence: fenced } }, false, true],
    [
      'is left alone once it has shown to be another server',
      { state: tookInOff(), memory: { remoteFence: another } },
      false,
      true,
    ],
    [
      'is tried again a moment after an attempt that failed',
      { state: tookInOff(), memory: { remoteFence: failed(400, 1) } },
      true,
      false,
    ],
    ['is not tried again at once', { state: tookInOff(), memory: { remoteFence: failed(100, 1) } }, false, false],
    ['is given up after three attempts', { state: tookInOff(), memory: { remoteFence: failed(400, 3) } }, false, true],
    [
      'is waited for ten seconds at most',
      { state: tookInOff(), memory: { remoteFence: underWay, leadingSinceMono: ago(10_001) } },
      false,
      true,
    ],
    [
      'is left to its own fence when the configuration says so',
      {
        state: tookInOff(),
        view: { policy: { ...policy, fence: { remote: false } } },
      },
      false,
      true,
    ],
    ['is not fenced by one who was handed the key in a later term', { state: tookInOff(revision(99)) }, false, true],
    ['that refuses connections is no such primary', { state: tookInOff(), peer: refuses }, false, true],
    ['that is silent is no such primary', { state: tookInOff(), peer: silent }, false, true],
    ['is nobody when the key was handed over', { state: off }, false, true],
  ];
  test.each(rows)('%s', (_says, changes, fences, promotes) => {
    const seen = decided(changes);
    expect(seen).toMatchObject({ promotes, rule: promotes ? 'promote' : 'fence-remote-first' });
    expect(seen.fence).toEqual(
      fences
        ? {
            kind: 'fence-remote',
            target,
            term,
            drain: changes.state?.predecessor?.kind === 'present' && changes.state.predecessor.value.mayHaveMore,
          }
        : undefined,
    );
  });

  const promotion = {
    timeline: timeline(1),
    lsn: lsn(0x5000000n),
    reason: 'x',
    timestamp: 't',
    newLeader: a,
    promotionId: 'p',
    historyFile: 'h',
    newTimeline: timeline(2),
  };
  const promoted = aPrimary({ timeline: timeline(2), waitsFor: [], walsenders: [] });

  test('is fenced after the promotion when that did not go well beside it, on the timeline that ended', () => {
    const memory = { promotion, remoteFence: failed(400, 1) };
    const state = { ...claimedHere, ...tookFrom(predecessor) };
    expect(decided({ state, memory }, promoted).fence).toMatchObject({ target: { timeline: 1 }, term });
    expect(decided({ state, memory: { ...memory, remoteFence: fenced } }, promoted).fence).toBeUndefined();
    expect(decided({ state, memory: { ...memory, leadingSinceMono: ago(30_001) } }, promoted).fence).toBeUndefined();
  });
});

describe('from whom the leadership is taken', () => {
  const stateBefore = (changes = {}) => aState({ leader: absent, sync: present(sync(b, [a])), ...changes });
  test('from the member that claimed last, with its copy and the run that its daemon told', () => {
    const view = aView(aStandby());
    expect(wouldSucceed(view, stateBefore())).toEqual({
      member: b,
      copyId: copyOf.b,
      runId: 'run-b',
      mayHaveMore: false,
      address,
    });
  });
  test('it may have more in mode off, and where sync names another copy', () => {
    const view = aView(aStandby());
    expect(wouldSucceed(view, stateBefore({ sync: present(sync(b, [], { mode: 'off' })) }))?.mayHaveMore).toBe(true);
    expect(wouldSucceed(view, stateBefore({ sync: present(sync(b, [])) }))?.mayHaveMore).toBe(true);
  });
  test('the run is not known when its daemon said nothing of a primary', () => {
    const peer = { ...answers, report: null };
    expect(wouldSucceed(aView(aStandby(), { peer }), stateBefore())?.runId).toBe(null);
  });
  test('from nobody when this member claimed last itself', () => {
    expect(wouldSucceed(aView(aStandby()), stateBefore({ sync: present(sync(a, [b])) }))).toBe(null);
  });
});

describe('the proof that a server is the target', () => {
  const expected: FenceTarget = target;
  const name = serverName('domain-1', b);
  const found: FoundServer = {
    serverName: name,
    systemIdentifier,
    inRecovery: false,
    timeline: timeline(1),
    copyId: copyOf.b,
    runId: 'run-b',
  };
  test('holds for the former primary itself, also when its run is not known', () => {
    expect(whyNotTarget(found, expected, name)).toBe(null);
    expect(whyNotTarget({ ...found, runId: 'other' }, { ...expected, runId: null }, name)).toBe(null);
  });
  const others: readonly (readonly [what: string, found: Partial<FoundServer>])[] = [
    ['a server of another cluster with the same data', { serverName: 'domain-2/b' }],
    ['a server of another member', { serverName: 'domain-1/c' }],
    ['another system', { systemIdentifier: '7000000000000000002' }],
    ['a member that was rejoined meanwhile: a standby', { inRecovery: true, timeline: null }],
    ['a successor on a newer timeline', { timeline: timeline(2) }],
    ['a server on an older timeline', { timeline: timeline(0) }],
    ['another copy of the data', { copyId: copyId('cccccccc') }],
    ['data that belongs to nobody', { copyId: null }],
    ['another run of the server', { runId: 'run-c' }],
  ];
  test.each(others)('does not hold for %s', (_what, other) => {
    expect(whyNotTarget({ ...found, ...other }, expected, name)).not.toBe(null);
  });
});

test('the term of a fence is that of the key', () => {
  const other: Revision = revision(77);
  const state = { ...tookInOff(other), leader: present({ member: a, leaseId: '11' as never }, other) };
  const seen = decided({ state });
  expect(seen.fence).toMatchObject({ term: other });
});
