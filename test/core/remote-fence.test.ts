import { describe, expect, test } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import { type FenceTarget, type FoundServer, serverName, whyNotTarget } from '../../src/core/fence-target.ts';
import { predecessorOf, type RemoteFenceOutcome, type RemoteFenceView } from '../../src/core/remote-fence.ts';
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
const predecessor = { member: b, copyId: copyOf.b, runId: 'run-b', mayHaveMore: false, term };
const mayHaveMore = { ...predecessor, mayHaveMore: true };
const target = { member: b, copyId: copyOf.b, runId: 'run-b', systemIdentifier, timeline: timeline(1) };
const claimedHere = { sync: present(sync(a, [], { copies: { a: copyOf.a } })) };
const off = { sync: present(sync(a, [], { mode: 'off' })) };

const ended = (outcome: RemoteFenceOutcome, agoMs = 1_000, attempts = 1): RemoteFenceView => ({
  kind: 'ended',
  atMono: ago(agoMs),
  attempts,
  tookMs: 20,
  outcome,
});
const fenced = ended({ kind: 'fenced', how: 'killed', drained: null });
const another = ended({ kind: 'another-server', why: 'it is in recovery' });
const failed = (agoMs: number, attempts: number) => ended({ kind: 'failed', problem: 'refused' }, agoMs, attempts);
const underWay = { kind: 'under-way', sinceMono: ago(50), attempts: 1 } as const;

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
      { state: claimedHere, memory: { predecessor } },
      true,
      true,
    ],
    ['is fenced before the promotion in mode off', { state: off, memory: { predecessor: mayHaveMore } }, true, false],
    [
      'is fenced once the key is seen ours, also before the transaction that took it is answered',
      { state: off, memory: { predecessor: { ...mayHaveMore, term: null } } },
      true,
      false,
    ],
    [
      'keeps the promotion waiting in mode off while its fence is under way',
      { state: off, memory: { predecessor: mayHaveMore, remoteFence: underWay } },
      false,
      false,
    ],
    [
      'keeps no promotion waiting in a synchronous mode',
      { state: claimedHere, memory: { predecessor, remoteFence: underWay } },
      false,
      true,
    ],
    ['is not fenced twice', { state: off, memory: { predecessor: mayHaveMore, remoteFence: fenced } }, false, true],
    [
      'is left alone once it has shown to be another server',
      { state: off, memory: { predecessor: mayHaveMore, remoteFence: another } },
      false,
      true,
    ],
    [
      'is tried again a moment after an attempt that failed',
      { state: off, memory: { predecessor: mayHaveMore, remoteFence: failed(400, 1) } },
      true,
      false,
    ],
    [
      'is not tried again at once',
      { state: off, memory: { predecessor: mayHaveMore, remoteFence: failed(100, 1) } },
      false,
      false,
    ],
    [
      'is given up after three attempts',
      { state: off, memory: { predecessor: mayHaveMore, remoteFence: failed(400, 3) } },
      false,
      true,
    ],
    [
      'is waited for ten seconds at most',
      { state: off, memory: { predecessor: mayHaveMore, remoteFence: underWay, leadingSinceMono: ago(10_001) } },
      false,
      true,
    ],
    [
      'is left to its own fence when the configuration says so',
      {
        state: off,
        memory: { predecessor: mayHaveMore },
        view: { policy: { ...policy, fence: { remote: false } } },
      },
      false,
      true,
    ],
    [
      'is not fenced by one who was handed the key in a later term',
      { state: off, memory: { predecessor: { ...mayHaveMore, term: revision(99) } } },
      false,
      true,
    ],
    [
      'that refuses connections is no such primary',
      { state: off, memory: { predecessor: mayHaveMore }, peer: refuses },
      false,
      true,
    ],
    [
      'that is silent is no such primary',
      { state: off, memory: { predecessor: mayHaveMore }, peer: silent },
      false,
      true,
    ],
    ['is nobody when the key was handed over', { state: off }, false, true],
  ];
  test.each(rows)('%s', (_says, changes, fences, promotes) => {
    const seen = decided(changes);
    expect(seen).toMatchObject({ promotes, rule: promotes ? 'promote' : 'fence-remote-first' });
    expect(seen.fence).toEqual(
      fences
        ? { kind: 'fence-remote', target, term, drain: changes.memory?.predecessor?.mayHaveMore === true }
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
    const memory = { predecessor, promotion, remoteFence: failed(400, 1) };
    expect(decided({ state: claimedHere, memory }, promoted).fence).toMatchObject({ target: { timeline: 1 }, term });
    expect(decided({ state: claimedHere, memory: { ...memory, remoteFence: fenced } }, promoted).fence).toBeUndefined();
    expect(
      decided({ state: claimedHere, memory: { ...memory, leadingSinceMono: ago(30_001) } }, promoted).fence,
    ).toBeUndefined();
  });
});

describe('from whom the leadership is taken', () => {
  const stateBefore = (changes = {}) => aState({ leader: absent, sync: present(sync(b, [a])), ...changes });
  test('from the member that claimed last, with its copy and the run that its daemon told', () => {
    const view = aView(aStandby());
    expect(predecessorOf(view, stateBefore())).toEqual({
      member: b,
      copyId: copyOf.b,
      runId: 'run-b',
      mayHaveMore: false,
    });
  });
  test('it may have more in mode off, and where sync names another copy', () => {
    const view = aView(aStandby());
    expect(predecessorOf(view, stateBefore({ sync: present(sync(b, [], { mode: 'off' })) }))?.mayHaveMore).toBe(true);
    expect(predecessorOf(view, stateBefore({ sync: present(sync(b, [])) }))?.mayHaveMore).toBe(true);
  });
  test('the run is not known when its daemon said nothing of a primary', () => {
    const peer = { ...answers, report: null };
    expect(predecessorOf(aView(aStandby(), { peer }), stateBefore())?.runId).toBe(null);
  });
  test('from nobody when this member claimed last itself', () => {
    expect(predecessorOf(aView(aStandby()), stateBefore({ sync: present(sync(a, [b])) }))).toBe(null);
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
  const state = { ...off, leader: present({ member: a, leaseId: '11' as never }, other) };
  const seen = decided({ state, memory: { predecessor: { ...mayHaveMore, term: other } } });
  expect(seen.fence).toMatchObject({ term: other });
});
