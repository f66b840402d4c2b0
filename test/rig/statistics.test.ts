import { describe, expect, test } from 'vitest';
import { spreadOf } from '../../scripts/bench/statistics.ts';

describe('the spread of measured values', () => {
  const cases: readonly (readonly [says: string, values: readonly (number | null)[], spread: object | null])[] = [
    ['of nothing is nothing', [], null],
    ['of nothing measured is nothing', [null, null], null],
    ['of one value is that value', [7], { count: 1, min: 7, median: 7, max: 7 }],
    ['has the middle of an odd count as its median', [9, 1, 100], { count: 3, min: 1, median: 9, max: 100 }],
    ['has the mean of the middle two of an even count', [10, 2, 4, 1000], { count: 4, min: 2, median: 7, max: 1000 }],
    ['sorts numbers, not texts', [100, 20, 3], { count: 3, min: 3, median: 20, max: 100 }],
    ['leaves out what was not measured', [null, 5, null, 3], { count: 2, min: 3, median: 4, max: 5 }],
  ];
  for (const [says, values, spread] of cases) test(says, () => expect(spreadOf(values)).toEqual(spread));
});
