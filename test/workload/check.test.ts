/** The checker says what is wrong with a history, and nothing of one in which nothing is. */
import { describe, expect, test } from 'vitest';
import { check } from '../../scripts/chaos/workload/check.ts';
import type { History, Operation } from '../../scripts/chaos/workload/history.ts';
import {
  type Anomalies,
  isClean,
  isCleanButForLoss,
  longestGapMs,
  verdictText,
} from '../../scripts/chaos/workload/verdict.ts';
import {
  a1,
  aHistory,
  allOf,
  append,
  b1,
  b2,
  did,
  foreigner,
  insert,
  readList,
  readTotal,
  transfer,
} from './a-history.ts';

/** A failover from a to b at 100 ms, with every kind of operation before and after it. */
const wellDone: readonly Operation[] = [
  did(1, insert, 10),
  did(2, append, 12),
  did(3, readList(2), 14),
  did(4, transfer, 16),
  did(5, readTotal(200), 18),
  did(6, append, 20),
  did(7, insert, 90, { outcome: 'unknown', answeredMono: 100 }),
  did(8, insert, 300, { server: b2 }),
  did(9, append, 302, { server: b2 }),
  did(10, readList(2, 6, 9), 304, { server: b2 }),
  did(11, transfer, 306, { server: b2 }),
  did(12, readTotal(200), 308, { server: b2 }),
];

const cases: readonly (readonly [says: string, history: History, broken: Partial<Anomalies>])[] = [
  ['a failover that kept everything', aHistory(wellDone), {}],
  [
    'a write without an answer may be there',
    aHistory(wellDone, {
      inserts: new Map([
        [1, 1],
        [7, 1],
        [8, 1],
      ]),
    }),
    {},
  ],
  ['an acknowledged insert is gone', aHistory([did(1, insert, 0)], { inserts: new Map() }), { missing: 1 }],
  [
    'an acknowledged transfer is gone, with its money',
    aHistory([did(1, transfer, 0)], {
      transfers: new Map(),
      balances: new Map([
        [0, 100],
        [1, 100],
      ]),
    }),
    { missing: 1 },
  ],
  [
    'an acknowledged append is gone from the middle of its list',
    aHistory([did(1, append, 0), did(2, append, 2), did(3, append, 4)], { lists: new Map([[0, [1, 3]]]) }),
    { missing: 1 },
  ],
  ['an insert is there twice', aHistory([did(1, insert, 0)], { inserts: new Map([[1, 2]]) }), { doubled: 1 }],
  [
    'an append is there twice',
    aHistory([did(1, append, 0), did(2, append, 2)], { lists: new Map([[0, [1, 2, 1]]]) }),
    { doubled: 1 },
  ],
  [
    'a transfer is there twice, and its money moved once',
    aHistory([did(1, transfer, 0)], { transfers: new Map([[1, 2]]) }),
    { doubled: 1 },
  ],
  ['a row that nobody sent', aHistory([], { inserts: new Map([[9, 1]]) }), { foreign: 1 }],
  ['an item that nobody sent', aHistory([], { lists: new Map([[0, [9]]]) }), { foreign: 1 }],
  [
    'a write of which the server said that it failed is there',
    aHistory([did(1, insert, 0, { outcome: 'failed' })], { inserts: new Map([[1, 1]]) }),
    { resurrected: 1 },
  ],
  ['a read saw half a transfer', aHistory([did(1, readTotal(170), 0)]), { brokenBalances: 1 }],
  [
    'a transfer took the money and brought it nowhere',
    aHistory([did(1, transfer, 0)], {
      balances: new Map([
        [0, 70],
        [1, 100],
      ]),
    }),
    { brokenBalances: 1 },
  ],
  [
    'a read saw an append that is gone',
    aHistory([did(1, append, 0, { outcome: 'unknown' }), did(2, readList(1), 5)], { lists: new Map() }),
    { readThenLost: 1 },
  ],
  [
    'two reads saw two orders',
    aHistory([
      did(1, append, 0, { answeredMono: 10 }),
      did(2, append, 0, { answeredMono: 10 }),
      did(3, readList(2, 1), 20),
      did(4, readList(1, 2), 20),
    ]),
    { twoOrders: 1 },
  ],
  [
    'a read shows less than what its server had acknowledged',
    aHistory([did(1, append, 0), did(2, append, 2), did(3, readList(1), 5)]),
    { wentBack: 1 },
  ],
  [
    'a read shows less than another read of its server',
    aHistory(
      [did(1, append, 0), did(2, append, 2, { outcome: 'unknown' }), did(3, readList(1, 2), 5), did(4, readList(1), 8)],
      {
        lists: new Map([[0, [1, 2]]]),
      },
    ),
    { wentBack: 1 },
  ],
  [
    'a read may miss what was acknowledged while it was under way',
    aHistory([did(1, append, 0), did(2, append, 2), did(3, readList(1), 1, { answeredMono: 9 })]),
    {},
  ],
  [
    'two members acknowledge on one timeline',
    aHistory([did(1, insert, 0), did(2, insert, 2, { server: b1 }), did(3, insert, 4)]),
    { sameTimeline: 1 },
  ],
  [
    'the old leader acknowledges what was sent after its successor had acknowledged',
    aHistory([did(1, insert, 0), did(2, insert, 10, { server: b2 }), did(3, insert, 12)]),
    { afterSuccessor: 1 },
  ],
  [
    'an acknowledgement of the old leader may still be on its way',
    aHistory([did(1, insert, 0, { answeredMono: 50 }), did(2, insert, 10, { server: b2 })]),
    {},
  ],
  [
    'another database acknowledges',
    aHistory([did(1, insert, 0), did(2, insert, 10, { server: foreigner })]),
    { otherDatabase: 1 },
  ],
  [
    'a standby lacks a row',
    { ...aHistory(wellDone), replicas: [allOf(wellDone.slice(1), 'a')] },
    { differingReplicas: 1 },
  ],
];

describe('the checker', () => {
  for (const [says, history, broken] of cases)
    test(says, () => {
      const { anomalies, examples } = check(history);
      const found = Object.fromEntries(Object.entries(anomalies).filter(([, count]) => count > 0));
      expect(found, examples.join('\n')).toEqual(broken);
      expect(examples).toHaveLength(Object.keys(broken).length);
    });

  test('every anomaly has a history', () => {
    const caught = new Set(cases.flatMap(([, , broken]) => Object.keys(broken)));
    expect(Object.keys(check(aHistory([])).anomalies).filter((name) => !caught.has(name))).toEqual([]);
  });

  test('a read of the old leader that misses what its successor acknowledged is stale, not an anomaly', () => {
    const operations = [did(1, append, 0), did(2, append, 100, { server: b2 }), did(3, readList(1), 400)];
    const verdict = check(aHistory(operations));
    expect(verdict.staleReads).toEqual({ count: 1, worstMs: 299 });
    expect(isClean(verdict)).toBe(true);
  });

  test('a loss is measured from the first lost acknowledgement to the last of its server', () => {
    const operations = [did(1, insert, 0), did(2, insert, 40), did(3, insert, 70), did(4, insert, 500, { server: b2 })];
    const verdict = check(aHistory(operations, { inserts: new Map([1, 4].map((id) => [id, 1])) }));
    expect(verdict).toMatchObject({ lossSpanMs: 30, anomalies: { missing: 2 } });
    expect(isClean(verdict)).toBe(false);
    expect(isCleanButForLoss(verdict)).toBe(true);
  });

  test('writes are counted by outcome, and by the server that acknowledged them', () => {
    const verdict = check(aHistory(wellDone));
    expect(verdict.counts).toEqual({ acknowledged: 7, failed: 0, unknown: 1, unknownPresent: 0, reads: 4 });
    expect(verdict.servers).toEqual([
      { ...a1, acknowledged: 4, firstMono: 11, lastMono: 21 },
      { ...b2, acknowledged: 3, firstMono: 301, lastMono: 307 },
    ]);
    expect(verdictText(verdict)).toBe('7 acknowledged, 1 unknown, 4 reads: all kept');
  });

  test('the outage is the longest time without an acknowledged write, in its window', () => {
    const { gaps, latency } = check(aHistory(wellDone));
    expect(gaps).toEqual([{ fromMono: 21, toMono: 301, lengthMs: 280 }]);
    expect([longestGapMs({ gaps }, 0, 400), longestGapMs({ gaps }, 302, 400)]).toEqual([280, 0]);
    expect(latency).toEqual({ p50Ms: 1, p99Ms: 1, maxMs: 1 });
  });

  test('an outage that lasts to the end of the history is one', () => {
    const operations = [did(1, insert, 0), did(2, insert, 10, { outcome: 'unknown', answeredMono: 900 })];
    expect(check(aHistory(operations)).gaps).toEqual([{ fromMono: 1, toMono: 900, lengthMs: 899 }]);
  });

  test('a history in which nobody was served has no latency', () => {
    expect(check(aHistory([]))).toMatchObject({ latency: null, gaps: [], servers: [] });
  });

  test('of each anomaly five examples are enough', () => {
    const lost = Array.from({ length: 50 }, (_, id) => did(id, insert, id));
    const { anomalies, examples } = check({ ...aHistory(lost, { inserts: new Map() }), replicas: [] });
    expect([anomalies.missing, examples.length]).toEqual([50, 5]);
    expect(examples[0]).toBe('missing: insert 0 of client 1 through a on timeline 1 was acknowledged at 1.0 ms');
  });
});
