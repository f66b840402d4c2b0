import { describe, expect, test } from 'vitest';
import { contractsInForce } from '../../../src/core/sla/contracts-in-force.ts';
import type { Contract } from '../../../src/core/sla/contract.ts';
import {
  type ContractsOnRecord,
  type ContractsToRecord,
  nothingOnRecord,
  termsToRecord,
} from '../../../src/core/sla/terms-on-record.ts';
import { aContract } from './facts.ts';

const north = aContract({ id: 'north', rtoMs: 1_000 });
const may = '2008-04-30T23:00:00.000Z';
const june = '2008-05-31T23:00:00.000Z';
const april15 = Date.parse('2008-04-15T12:00:00Z');
const june10Text = '2008-06-10T12:00:00.000Z';
const june10 = Date.parse(june10Text);

const added = (recorded: ContractsOnRecord, due: ContractsToRecord): ContractsOnRecord => ({
  ...recorded,
  terms: [...recorded.terms, ...due.terms],
  ends: [...recorded.ends, ...due.ends],
});

/** Each configuration is put on record as it is seen. */
function after(...steps: readonly (readonly [at: number, configured: readonly Contract[]])[]): ContractsOnRecord {
  return steps.reduce((recorded, [at, seen]) => added(recorded, termsToRecord(seen, recorded, at)), nothingOnRecord);
}

type Ruling = readonly [version: number, rtoMs: number, validFrom: string | null, validTo: string | null];

const rows: readonly (readonly [
  says: string,
  recorded: ContractsOnRecord,
  configured: readonly Contract[],
  now: number,
  ruling: readonly Ruling[],
  paths: readonly string[],
])[] = [
  [
    'that nobody has put on record yet rule as they are written',
    nothingOnRecord,
    [{ ...north, validFrom: may }],
    april15,
    [[1, 1_000, may, null]],
    [],
  ],
  [
    'that were changed in place rule by what is on record, and that is said',
    after([april15, [north]]),
    [{ ...north, rtoMs: 2_000, sites: ['wexham'] }],
    april15,
    [[1, 1_000, null, null]],
    ['contracts[0].sites and contracts[0].rto'],
  ],
  ['rule as they are called now', after([april15, [north]]), [{ ...north }], april15, [[1, 1_000, null, null]], []],
  [
    'end where the configuration ends them',
    after([april15, [north]]),
    [{ ...north, validTo: may }, aContract({ ...north, version: 2, validFrom: may, rtoMs: 9 })],
    april15,
    [
      [1, 1_000, null, may],
      [2, 9, may, null],
    ],
    [],
  ],
  [
    'end where the version that took their place begins, also when they were taken out with that',
    after([april15, [north]]),
    [{ ...north, version: 2, validFrom: may }],
    april15,
    [
      [2, 1_000, may, null],
      [1, 1_000, null, may],
    ],
    [],
  ],
  [
    'end when a version that says no beginning is seen',
    after([april15, [north]]),
    [{ ...north, version: 2 }],
    june10,
    [
      [2, 1_000, june10Text, null],
      [1, 1_000, null, june10Text],
    ],
    ['contracts[0].validFrom'],
  ],
  [
    'take no time from a month that is over',
    after([april15, [north]]),
    [
      { ...north, validTo: may },
      { ...north, version: 2, validFrom: may },
    ],
    june10,
    [
      [1, 1_000, null, june],
      [2, 1_000, june, null],
    ],
    ['contracts[0].validTo', 'contracts[1].validFrom'],
  ],
  [
    'do not begin again, or go on for longer, under their version',
    after([april15, [{ ...north, validFrom: may, validTo: june }]]),
    [north],
    april15,
    [[1, 1_000, may, june]],
    ['contracts[0].validFrom', 'contracts[0].validTo'],
  ],
  [
    'go on when they are taken out before they ended, and that is said',
    after([april15, [north]]),
    [],
    june10,
    [[1, 1_000, null, null]],
    ['contracts'],
  ],
  [
    'that ended and were taken out have ruled their time',
    after([april15, [{ ...north, validTo: may }]]),
    [],
    june10,
    [[1, 1_000, null, may]],
    [],
  ],
  [
    'that are wholly in the time of another version are in force at no time',
    after([april15, [north]]),
    [
      { ...north, validFrom: june },
      { ...north, version: 2, validTo: '2008-03-01T00:00:00Z' },
    ],
    june10,
    [[1, 1_000, null, null]],
    ['contracts[0].validFrom', 'contracts[1].validFrom'],
  ],
  [
    'whose record cannot be read rule as they are written',
    { ...nothingOnRecord, unreadable: [{ id: 'north', version: 1 }] },
    [north],
    april15,
    [[1, 1_000, null, null]],
    ['contracts/north/1'],
  ],
];

describe('terms', () => {
  test.each(rows)('%s', (_says, recorded, configured, now, ruling, paths) => {
    const { contracts, problems } = contractsInForce(configured, recorded, now);
    expect(contracts.map(({ version, rtoMs, validFrom, validTo }) => [version, rtoMs, validFrom, validTo])).toEqual(
      ruling,
    );
    expect(problems.map(({ path }) => path)).toEqual(paths);
  });

  test.each(rows)('%s: the same once all of it is on record', (_says, recorded, configured, now, ruling) => {
    const later = added(recorded, termsToRecord(configured, recorded, now));
    const { contracts } = contractsInForce(configured, later, now + 1);
    expect(contracts.map(({ version, rtoMs, validFrom, validTo }) => [version, rtoMs, validFrom, validTo])).toEqual(
      ruling,
    );
    expect(termsToRecord(configured, later, now + 1)).toEqual({ terms: [], ends: [] });
  });

  test('of a contract that is called otherwise now are told under that name', () => {
    const { contracts, problems } = contractsInForce(
      [{ ...north, customer: 'Another Trust' }],
      after([april15, [north]]),
      april15,
    );
    expect(contracts[0]?.customer).toBe('Another Trust');
    expect(problems).toEqual([]);
  });
});
