import { describe, expect, test } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import { reservation, reservedFor } from '../../src/core/reserved-timeline.ts';
import { type Revision, timeline } from '../../src/core/units.ts';
import type { OperationView } from '../../src/core/view.ts';
import {
  a,
  aData,
  copyOf,
  ago,
  aPrimary,
  aState,
  aStandby,
  aView,
  b,
  malformed,
  present,
  sync,
  term,
} from './a-view.ts';

const rowOf = (newTimeline: number) => ({
  ...{ timeline: timeline(newTimeline - 1), newTimeline: timeline(newTimeline), lsn: 0n as never },
  ...{ reason: '', timestamp: '', newLeader: b, promotionId: 'p', historyFile: '' },
});
const reserved = (number: number, copy = copyOf.a, at: Revision = term) =>
  present({ number: timeline(number), member: a, copyId: copy }, at);
const failedOn = (number: number, begun: boolean): OperationView => ({
  kind: 'idle',
  last: {
    spec: { kind: 'promote', term, timeline: timeline(number), waitForNobody: false },
    atMono: ago(5),
    outcome: begun ? { ok: false, problem: 'it was begun', timelineBegun: true } : { ok: false, problem: 'no room' },
  },
});
const promoting = (number: number): OperationView => ({
  kind: 'busy',
  spec: { kind: 'promote', term, timeline: timeline(number), waitForNobody: false },
  sinceMono: ago(5),
  progress: null,
});
const idle: OperationView = { kind: 'idle', last: null };

describe('a claim reserves', () => {
  const none = { kind: 'absent' } as const;
  test.each([
    ['the next number when nobody was ever promoted', none, [], idle, 2],
    ['one more than the history tells of', none, [2, 3], idle, 4],
    ['one more than anybody was to make, told of or not', reserved(5, copyOf.b), [2], idle, 6],
    ['another one than that which a promotion here has begun', reserved(2), [], failedOn(2, true), 3],
    [
      'the same once more when its promotion failed before it was begun: there may be many',
      reserved(2),
      [],
      failedOn(2, false),
      2,
    ],
    ['the same once more for this copy, which took the lead and was not promoted', reserved(2), [], idle, 2],
    ['a number far away when the key cannot be read', malformed, [2], idle, 19],
  ])('%s', (_, key, rows, operation, expected) => {
    const state = aState({ timeline: key, history: present(rows.map(rowOf)) });
    expect(reservation(aView(aStandby(), { view: { operation } }), state)).toEqual({
      number: expected,
      member: a,
      copyId: copyOf.a,
    });
  });

  test('nothing for data that starts as a primary again: that goes on with its timeline', () => {
    const state = aState();
    expect(reservation(aView(aPrimary()), state)).toBeNull();
    expect(reservation(aView({ kind: 'stopped', data: aData({ standbySignal: false }) }), state)).toBeNull();
    const standby = aView({ kind: 'stopped', data: aData({ standbySignal: true, timeline: timeline(4) }) });
    expect(reservation(standby, aState({ timeline: none }))).toEqual({ number: 5, member: a, copyId: copyOf.a });
  });
});

describe('a number is reserved for this promotion', () => {
  const before = (term - 1) as Revision;
  test.each([
    ['when it was in this term, for this member', reserved(2), aStandby(), idle, 2],
    ['not when it was in an earlier term', reserved(2, copyOf.a, before), aStandby(), idle, null],
    ['not when it was for another copy of the data', reserved(2, copyOf.b), aStandby(), idle, null],
    [
      'not when this standby has come to that timeline by itself',
      reserved(2),
      aStandby({ timeline: timeline(2) }),
      idle,
      null,
    ],
    ['not when a promotion has begun it', reserved(2), aStandby(), failedOn(2, true), null],
    ['when the promotion that was begun had another', reserved(3), aStandby(), failedOn(2, true), 3],
    [
      'when the promotion with it is under way, and has begun the timeline',
      reserved(2),
      aStandby({ timeline: timeline(2) }),
      promoting(2),
      2,
    ],
    ['not when the key cannot be read', malformed, aStandby(), idle, null],
  ])('%s', (_, key, standby, operation, expected) => {
    const state = aState({ timeline: key });
    expect(reservedFor(aView(standby, { view: { operation } }), state, standby)).toBe(expected);
  });

  test('else it is reserved with another claim, before the promotion', () => {
    const exposed = { sync: present(sync(a, [])), timeline: reserved(2, copyOf.a, before) };
    const decision = decide(aView(aStandby(), { state: exposed }));
    expect(decision).toMatchObject({
      rule: 'claim',
      intents: [
        { kind: 'guard' },
        {
          txn: {
            writes: [
              { key: 'sync' },
              { key: 'timeline', value: JSON.stringify({ number: 2, member: a, copy_id: copyOf.a }) },
            ],
          },
        },
      ],
    });
  });
});
