import { expect, test } from 'vitest';
import { changedInPlace } from '../../../src/core/sla/changed-in-place.ts';
import type { Contract } from '../../../src/core/sla/contract.ts';
import { aContract } from './facts.ts';

const before = aContract({ id: 'north', rtoMs: 1_000 });

test.each<[says: string, after: readonly Contract[], changed: unknown]>([
  ['that stay as they were', [{ ...before }], []],
  [
    'under the same version',
    [{ ...before, rtoMs: 2_000, sites: ['wexham'] }],
    [{ contract: 'north', version: before.version, terms: ['sites', 'rtoMs'] }],
  ],
  [
    'under a new version, when the old one ends',
    [
      { ...before, validTo: '2008-05-01T00:00:00Z' },
      { ...before, version: before.version + 1, rtoMs: 2_000, validFrom: '2008-05-01T00:00:00Z' },
    ],
    [],
  ],
  ['of another contract that is new', [before, aContract({ id: 'south', rtoMs: 2_000 })], []],
  ['of a contract that is gone', [], []],
  ['whose customer has another name', [{ ...before, customer: 'Another Trust' }], []],
])('terms %s', (_says, after, changed) => {
  expect(changedInPlace([before], after)).toEqual(changed);
});
