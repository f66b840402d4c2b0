import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chainOrder,
  firstInName,
  type LedgerRetention,
  type Segment,
  segmentName,
  whyToDrop,
  type WhyDropped,
} from '../../src/core/ledger-segments.ts';
import { dayMs, wallMs } from '../../src/core/units.ts';

const day = (number: number) => wallMs(number * dayMs);
const aSegment = (first: number, toDay: number, bytes = 10): Segment => ({
  name: segmentName(first),
  first,
  last: first + 4,
  lastHash: 'f'.repeat(64),
  fromWall: day(toDay - 1),
  toWall: day(toDay),
  bytes,
});

describe('the name of a segment', () => {
  test('is in the order of the chain, and says with which entry it begins', () => {
    fc.assert(
      fc.property(fc.nat(999_999_999_999), fc.nat(999_999_999_999), (a, b) => {
        expect(firstInName(segmentName(a))).toBe(a);
        expect(segmentName(a) < segmentName(b)).toBe(a < b);
      }),
    );
  });
  test.each([
    ['the active file', 'ledger.ndjson'],
    ['what was put aside', 'ledger-000000000012.damaged-20080424T081500000Z.ndjson'],
    ['a number that is not padded', 'ledger-12.ndjson'],
    ['a copy', 'ledger-000000000012.ndjson.bak'],
  ])('is not that of %s', (_says, name) => expect(firstInName(name)).toBeNull());
  test('puts the active file last, and leaves out what is not of the chain', () => {
    const names = ['service-open.json', segmentName(40), 'ledger.ndjson', segmentName(0), 'ledger.damaged-x.ndjson'];
    expect(chainOrder(names)).toEqual([segmentName(0), segmentName(40), 'ledger.ndjson']);
    expect(chainOrder([segmentName(1_000_000_000_000), segmentName(5)])).toEqual([
      segmentName(5),
      segmentName(1_000_000_000_000),
    ]);
  });
});

describe('the oldest segment', () => {
  const retention: LedgerRetention = { keepMs: 10 * dayMs, bytesMax: 100 };
  const now = day(100);
  test.each<[says: string, closed: readonly Segment[], activeBytes: number, why: WhyDropped | null]>([
    ['of none is none', [], 1_000, null],
    ['stays while it is young and all is small', [aSegment(0, 95)], 90, null],
    ['stays at exactly the age and the size', [aSegment(0, 90)], 90, null],
    ['goes when all of its entries are older', [aSegment(0, 89), aSegment(5, 95)], 0, 'age'],
    ['stays when only what follows is older: a clock was set back', [aSegment(0, 95), aSegment(5, 80)], 0, null],
    ['goes when all files together are larger', [aSegment(0, 95), aSegment(5, 96, 80)], 11, 'size'],
    ['goes for its age when both are so', [aSegment(0, 50, 200)], 0, 'age'],
    ['goes even when the active file alone is too large', [aSegment(0, 95)], 1_000, 'size'],
    ['stays when its instants are ahead of the clock', [aSegment(0, 400)], 0, null],
  ])('%s', (_says, closed, activeBytes, why) => {
    expect(whyToDrop(closed, activeBytes, now, retention)).toBe(why);
  });
});
