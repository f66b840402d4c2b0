import { describe, expect, test } from 'vitest';
import { accountOf, failuresOf, type RoundRecord, recordOf } from '../../scripts/bench/account.ts';
import { accountMarkdown, accountText } from '../../scripts/bench/render.ts';
import { faultNamed } from '../../scripts/rig/faults.ts';
import type { Round } from '../../scripts/rig/round.ts';
import { aRound, aVerdict } from './a-round.ts';

const killed = faultNamed('pg-kill9');
const account = (mode: string, ...rounds: readonly Partial<Round>[]) =>
  accountOf(
    killed,
    rounds.map((round) => recordOf(aRound(round))),
    mode,
  );
const fast = { outageMs: 100 };
const slow = { outageMs: 900 };

describe('the account of a bench', () => {
  test('finds nothing wrong when medians are within their targets and nothing was lost', () => {
    expect(failuresOf([account('available', fast, slow, fast)])).toEqual([]);
  });

  const cases: readonly (readonly [says: string, mode: string, rounds: readonly Partial<Round>[], failure: RegExp])[] =
    [
      [
        'a median above its target',
        'available',
        [fast, slow, slow],
        /^postmaster killed: client outage, median 900, target 300 ms$/,
      ],
      [
        'redundancy that took too long',
        'available',
        [{ redundantMs: 9_000 }],
        /redundant again, median 9000, target 8000 ms/,
      ],
      [
        'a lost write in mode strict',
        'strict',
        [fast, { verdict: aVerdict({ missing: 2 }) }],
        /2 ACKNOWLEDGED WRITES LOST/,
      ],
      ['doubled and foreign rows', 'off', [{ verdict: aVerdict({ doubled: 1, foreign: 2 }) }], /3 rows are doubled/],
      [
        'nodes that differ',
        'off',
        [
          {
            nodes: [
              { name: 'a', rows: 1, checksum: '1' },
              { name: 'b', rows: 1, checksum: '2' },
            ],
          },
        ],
        /differed after 1 rounds/,
      ],
    ];
  for (const [says, mode, rounds, failure] of cases)
    test(`fails on ${says}`, () => {
      const failures = failuresOf([account(mode, ...rounds)]);
      expect(failures).toHaveLength(1);
      expect(failures[0]).toMatch(failure);
    });

  test('does not fail on lost writes in mode off, which promises bounded loss', () => {
    const lossy = account('off', { verdict: aVerdict({ missing: 2 }) });
    expect(failuresOf([lossy])).toEqual([]);
    expect(accountText(lossy, 'off')).toContain('2 LOST');
  });

  test('promises no times in the other modes', () => {
    expect(failuresOf([account('off', slow), account('strict', slow)])).toEqual([]);
  });

  test('does not call a target kept when every round failed', () => {
    const records: readonly RoundRecord[] = [{ kind: 'failed', fault: 'pg-kill9', problem: 'no' }];
    expect(failuresOf([accountOf(killed, records, 'available')])).toEqual([
      'postmaster killed: 1 rounds failed',
      'postmaster killed: client outage, median not measured, target 300 ms',
      'postmaster killed: redundant again, median not measured, target 8000 ms',
    ]);
  });

  test('counts the rounds of its own fault only', () => {
    const other = recordOf(aRound({ fault: faultNamed('switchover') }));
    expect(accountOf(killed, [other, recordOf(aRound())], 'available')).toMatchObject({
      rounds: 1,
      acknowledged: 12_345,
    });
  });

  test('leaves phases out that were not recorded', () => {
    const { measures } = account('available', { incident: null }, {});
    expect(measures.find(({ of }) => of === 'promotion')?.spread).toEqual({ count: 1, min: 75, median: 75, max: 75 });
  });

  test('is a table of at most 80 columns that says what was kept', () => {
    const text = accountText(account('available', fast, slow, fast), 'available');
    expect(text.split('\n').every((line) => line.length <= 80)).toBe(true);
    expect(text).toBe(
      [
        'postmaster killed, mode available, 3 rounds',
        'ms                 min  median    max    target',
        'client outage      100     100    900    <= 300  kept',
        'detection           12      12     12',
        'decision             3       3      3',
        'promotion           75      75     75',
        'routing             10      10     10',
        'recorded outage    100     100    100',
        'redundant again  2,345   2,345  2,345  <= 8,000  kept',
        '37,035 writes acknowledged, none lost; 12 never answered; both nodes equal after',
        'every round.',
      ].join('\n'),
    );
  });

  test('in Markdown has a row for every measure', () => {
    const lines = accountMarkdown(account('available', slow)).split('\n');
    expect(lines).toContain('| client outage | 900 | 900 | 900 | <= 300 | MISSED |');
    expect(lines.filter((line) => line.startsWith('|'))).toHaveLength(9);
  });
});
