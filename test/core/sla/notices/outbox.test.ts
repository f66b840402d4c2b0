/** When a notice is tried again, in which order, and how long it is kept. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listedNotices } from '../../../../src/core/sla/notices/listed-notice.ts';
import type { Notice } from '../../../../src/core/sla/notices/notice.ts';
import {
  delivered,
  disposable,
  dueEntries,
  failed,
  givenUp,
  newEntry,
  type OutboxEntry,
  pauseMs,
} from '../../../../src/core/sla/notices/outbox.ts';
import { minute, second } from '../../../../src/core/units.ts';
import { formatEntry, parseEntry } from '../../../../src/wire/outbox.ts';
import { aPolicy, aStory, Teller, wallAt } from './stories.ts';

const day = 24 * 60 * minute;
const story = aStory(44 * minute, 50 * minute);
const teller = new Teller(aPolicy({ sites: aPolicy().sites.slice(0, 1), contracts: [] }));
const notices: Notice[] = [
  [story.goingOn, 31 * second] as const,
  [story.goingOn, 16 * minute] as const,
  [story.goingOn, 31 * minute] as const,
  [story.over, 45 * minute] as const,
  [story.closed, 51 * minute] as const,
].flatMap(([incident, ms]) => [...teller.look([incident], ms)]);
const entries = notices.map(newEntry);
const [started, still, stillAgain, over, restored] = entries as [
  OutboxEntry,
  OutboxEntry,
  OutboxEntry,
  OutboxEntry,
  OutboxEntry,
];
const occasions = (found: readonly OutboxEntry[]) => found.map(({ head }) => `${head.occasion}${head.n || ''}`);

describe('what is tried', () => {
  test.each<[string, readonly OutboxEntry[], string, number, readonly string[]]>([
    ['only the first of a thread', [over, restored, started], 'a', wallAt(51 * minute), ['started']],
    [
      'the next once the first is done',
      [over, delivered(started, 'a', wallAt(0)), stillAgain, still],
      'a',
      wallAt(51 * minute),
      ['still-down1'],
    ],
    ['given up is done', [over, givenUp(started, 'x', 'a', wallAt(0))], 'a', wallAt(51 * minute), ['over']],
    [
      'not before its time, by who tried last',
      [failed(started, { kind: 'lasting', problem: 'x' }, 'a', wallAt(60_000))],
      'a',
      wallAt(61_000),
      [],
    ],
    [
      'at once by another',
      [failed(started, { kind: 'lasting', problem: 'x' }, 'a', wallAt(60_000))],
      'b',
      wallAt(61_000),
      ['started'],
    ],
    [
      'at its time',
      [failed(started, { kind: 'lasting', problem: 'x' }, 'a', wallAt(60_000))],
      'a',
      wallAt(120_000),
      ['started'],
    ],
    [
      'a clock that was far ahead silences nobody',
      [failed(started, { kind: 'lasting', problem: 'x' }, 'a', wallAt(23 * 60 * minute))],
      'a',
      wallAt(60_000),
      ['started'],
    ],
    ['nothing', [], 'a', wallAt(0), []],
  ])('%s', (_says, known, member, nowWall, expected) => {
    expect(occasions(dueEntries(known, member, nowWall))).toEqual(expected);
  });

  test('the end is not first because the clock of who planned it was behind', () => {
    const early: OutboxEntry = { ...over, head: { ...over.head, at: '2000-01-01T00:00:00.000Z' } };
    expect(occasions(dueEntries([early, started], 'a', wallAt(60 * minute)))).toEqual(['started']);
  });
});

test('pauses grow to five minutes, are never shorter than half of that, and the same for the same attempt', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 1, max: 2_000 }),
      fc.constantFrom('passing', 'lasting'),
      (key, attempts, kind) => {
        const entry: OutboxEntry = { ...started, head: { ...started.head, key }, attempts };
        const pause = pauseMs(entry, kind);
        const full = Math.min(5 * minute, (kind === 'lasting' ? minute : second) * 2 ** Math.min(attempts - 1, 30));
        expect(pause).toBeGreaterThanOrEqual(Math.floor(full / 2));
        expect(pause).toBeLessThanOrEqual(full);
        expect(pauseMs(entry, kind)).toBe(pause);
      },
    ),
  );
});

test('a day after it was planned a failure is the last', () => {
  const problem = { kind: 'passing', problem: 'x'.repeat(5_000) } as const;
  const planned = Date.parse(started.head.at);
  expect(failed(started, problem, 'a', planned + day - 1).state.kind).toBe('pending');
  const last = failed(started, problem, 'a', planned + day);
  expect(last).toMatchObject({ state: { kind: 'given-up', by: 'a' }, attempts: 1, body: null });
  expect(last.lastProblem).toHaveLength(500);
});

describe('what is kept', () => {
  const done = entries.map((entry) => delivered(entry, 'a', wallAt(51 * minute)));
  const news = () => true;
  const old = () => false;
  test('is everything for two weeks', () => {
    expect(disposable(done, old, wallAt(14 * day - minute))).toEqual([]);
    expect(disposable(done, old, wallAt(14 * day + 60 * minute))).toHaveLength(5);
  });
  test('is what may be planned once more', () => {
    expect(disposable(done, news, wallAt(30 * day))).toEqual([]);
  });
  test('is what is not delivered', () => {
    expect(disposable(entries, old, wallAt(30 * day))).toEqual([]);
  });
  test('is of what repeats itself the newest two', () => {
    const repeated = Array.from({ length: 5 }, (_, n) => ({
      ...delivered(still, 'a', wallAt(0)),
      head: { ...still.head, n: n + 1, key: `k${n}`, at: new Date(wallAt(n * 15 * minute)).toISOString() },
    }));
    expect(disposable(repeated, news, wallAt(0)).map(({ head }) => head.n)).toEqual([3, 2, 1]);
  });
});

test('an entry is read from etcd as it was written, and half of one is none', () => {
  for (const entry of [...entries, delivered(over, 'a', wallAt(0)), givenUp(over, 'x', 'b', wallAt(0))])
    expect(parseEntry(formatEntry(entry))).toEqual(entry);
  for (const text of ['', '{}', '{"v":2}', formatEntry(over).replace('"pending"', '"lost"')])
    expect(parseEntry(text)).toBeNull();
});

test('people see what it is, how far it is, and never its text', () => {
  const failing = failed(started, { kind: 'passing', problem: 'no thanks' }, 'a', wallAt(60_000));
  expect(listedNotices([delivered(over, 'b', wallAt(46 * minute)), failing])).toMatchObject([
    { occasion: 'started', state: 'pending', by: 'a', attempts: 1, lastProblem: 'no thanks' },
    { occasion: 'over', state: 'sent', stateAt: '2008-04-24T09:01:00.000Z', by: 'b', attempts: 1 },
  ]);
});
