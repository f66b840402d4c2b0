import { describe, expect, test } from 'vitest';
import { divergedLines } from '../../../../src/core/sla/evidence/diverged-text.ts';
import { WaldumpAccount } from '../../../../src/core/sla/evidence/waldump.ts';

/** As pg_waldump of PostgreSQL 15 prints it. */
const record = (manager: string, tx: number, desc: string, rel = '') =>
  `rmgr: ${manager.padEnd(11)} len (rec/tot):     61/    61, tx: ${String(tx).padStart(10)}, lsn: 0/0152A1C8, prev 0/01529868, desc: ${desc}${rel === '' ? '' : `, blkref #0: rel ${rel} blk 0`}`;
const patient = '1663/5/16384';
const big = '1663/5/16391';

function account(...lines: readonly string[]): WaldumpAccount {
  const dump = new WaldumpAccount();
  for (const line of lines) dump.line(line);
  return dump;
}

describe('the account of a diverged tail', () => {
  test('counts the rows that committed transactions touched, those of their subtransactions too', () => {
    const dump = account(
      record('Heap', 725, 'INSERT+INIT off 1 flags 0x00', patient),
      record('Heap', 725, 'INSERT off 2 flags 0x00', patient),
      record('Btree', 725, 'INSERT_LEAF off 2', '1663/5/16389'),
      record('Transaction', 725, 'COMMIT 2026-11-23 00:52:09.083908 UTC'),
      record('Heap', 726, 'HOT_UPDATE off 1 xmax 726 flags 0x20 ; new off 6 xmax 0', patient),
      record('Heap', 727, 'DELETE off 2 flags 0x00 KEYS_UPDATED ', patient),
      record('Heap2', 726, 'MULTI_INSERT 222 tuples flags 0x00', big),
      record('Heap2', 726, 'MULTI_INSERT+INIT 78 tuples flags 0x02', big),
      record('Transaction', 726, 'COMMIT 2026-11-23 00:52:09.100325 UTC; subxacts: 727'),
    );
    expect(dump.transactions).toBe(2);
    expect(dump.relations).toEqual([
      { tablespace: 1663, database: 5, filenode: 16384, inserted: 2, updated: 1, deleted: 1 },
      { tablespace: 1663, database: 5, filenode: 16391, inserted: 300, updated: 0, deleted: 0 },
    ]);
  });

  test('as PostgreSQL 16 and later write it, too', () => {
    const dump = account(
      record('Heap2', 9, 'MULTI_INSERT+INIT ntuples: 78, flags: 0x02', big),
      record('Heap', 9, 'DELETE xmax: 9, off: 2, infobits: [KEYS_UPDATED], flags: 0x00', big),
      record('Transaction', 9, 'COMMIT 2026-11-23 00:52:09.100325 UTC'),
    );
    expect(dump.relations).toMatchObject([{ inserted: 78, deleted: 1 }]);
  });

  test.each([
    [
      'was rolled back',
      [record('Heap', 8, 'INSERT off 7 flags 0x00', patient), record('Transaction', 8, 'ABORT 2026')],
    ],
    ['never ended', [record('Heap', 8, 'INSERT off 7 flags 0x00', patient)]],
    [
      'only locked rows',
      [
        record('Heap', 8, 'LOCK off 3: xid 730: flags 0x00 LOCK_ONLY', patient),
        record('Transaction', 8, 'COMMIT 2026'),
      ],
    ],
    [
      'was a probe of our own',
      [
        record('LogicalMessage', 8, 'MESSAGE transactional, prefix "baton"; payload (0 bytes): '),
        record('Transaction', 8, 'COMMIT 2026'),
      ],
    ],
    ['cannot be read', ['pg_waldump: error: could not find a valid record after 0/0', 'rmgr: Heap', '']],
  ])('counts nothing of what %s', (_what, lines) => {
    const dump = account(...lines);
    expect([dump.transactions, dump.relations]).toEqual([0, []]);
  });

  test('a transaction id that was rolled back begins anew', () => {
    const dump = account(
      record('Heap', 8, 'INSERT off 7 flags 0x00', patient),
      record('Transaction', 8, 'ABORT 2026'),
      record('Heap', 8, 'DELETE off 7 flags 0x00', patient),
      record('Transaction', 8, 'COMMIT 2026'),
    );
    expect(dump.relations).toMatchObject([{ inserted: 0, deleted: 1 }]);
  });

  test('says that there may be more when too many transactions were open at one time', () => {
    const dump = new WaldumpAccount();
    for (let tx = 1; tx <= 10_001; tx += 1) dump.line(record('Heap', tx, 'INSERT off 7 flags 0x00', patient));
    expect(dump.incomplete).toBe(true);
  });
});

test('what had committed is said in words, with names where there are any', () => {
  const relation = { tablespace: 1663, database: 5, inserted: 0, updated: 0, deleted: 0 };
  const relations = [
    { ...relation, filenode: 16384, inserted: 5, deleted: 1 },
    { ...relation, filenode: 16391, updated: 2 },
    { ...relation, filenode: 1259, updated: 3 },
  ];
  const nameOf = ({ filenode }: { readonly filenode: number }) =>
    filenode === 16384 ? { database: 'hospital', relation: 'public.patient' } : { database: null, relation: null };
  expect(divergedLines(2, false, relations, nameOf)).toEqual([
    '2 transactions that touched rows had committed in it',
    'hospital: public.patient: rows 5 inserted, 1 deleted',
    'file 16391 of database 5, which the database does not have any more: rows 2 updated',
    'the system catalogs: 1 of them changed',
  ]);
  expect(divergedLines(0, true, [], nameOf)).toEqual([
    'no transaction that touched rows had committed in it, or more: not all of it could be followed',
  ]);
});
