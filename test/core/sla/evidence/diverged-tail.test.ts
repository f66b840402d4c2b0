/** What may be lost, in numbers and in one sentence. */
import { describe, expect, test } from 'vitest';
import { type DivergedTail, divergedTail, tailOf, tailText } from '../../../../src/core/sla/evidence/diverged-tail.ts';
import { WaldumpAccount } from '../../../../src/core/sla/evidence/waldump.ts';
import type { Incident, Loss } from '../../../../src/core/sla/incident.ts';
import { lossSentence, lostOrNot, plainLossSentence } from '../../../../src/core/sla/loss-sentence.ts';
import { parseEvidence } from '../../../../src/wire/evidence.ts';
import { incident2008 } from '../case/a-case.ts';
import { bundle, divergedPart } from '../export/an-export.ts';
import { aTail } from './a-tail.ts';

const range = { timeline: 1, fromLsn: '0/5000148', toLsn: '0/5000548' };
const names: Readonly<Record<number, string>> = { 16384: 'public.notes', 16391: 'pg_toast.pg_toast_16384' };
const nameOf = ({ filenode }: { readonly filenode: number }) => ({
  database: 'hospital',
  relation: names[filenode] ?? null,
});

function account(...records: readonly (readonly [tx: number, filenode: number, rows: number])[]): WaldumpAccount {
  const dump = new WaldumpAccount();
  const line = (manager: string, tx: number, desc: string) => dump.line(`rmgr: ${manager} x tx: ${tx}, desc: ${desc}`);
  for (const [tx, filenode, rows] of records)
    for (let row = 0; row < rows; row += 1) line('Heap', tx, `INSERT off 1, blkref #0: rel 1663/5/${filenode} blk 0`);
  for (const tx of new Set(records.map(([id]) => id))) line('Transaction', tx, 'COMMIT 2026');
  return dump;
}

describe('a diverged tail', () => {
  test('counts transactions of users, and rows of tables without what a long value takes', () => {
    const dump = account([1, 16384, 2], [1, 16391, 9], [2, 1259, 1], [3, 16402, 1]);
    expect(divergedTail(range, dump, nameOf, null)).toMatchObject({
      ...{ transactions: 2, inserted: 3, relationsInAll: 2, catalogs: 1, incomplete: null },
      relations: [
        { name: 'public.notes', inserted: 2 },
        { name: null, database: 'hospital', filenode: 16402 },
      ],
    });
  });

  test('has the ten relations with the most rows, and says how many there are', () => {
    const dump = account(...Array.from({ length: 40 }, (_, n) => [n, 20_000 + n, n + 1] as const));
    const tail = divergedTail(range, dump, () => ({ database: 'x', relation: 'y'.repeat(400) }), 'unread');
    expect([tail.relations.length, tail.relationsInAll, tail.relations[0]?.inserted]).toEqual([10, 40, 40]);
    expect(tail.incomplete).toBe('unread');
    // With everything else of a look it must have room in one record.
    expect(JSON.stringify(tail).length).toBeLessThan(4_096);
  });

  test.each<[string, Partial<DivergedTail>]>([
    ['3 transactions with 5 rows in 2 tables (public.notes and public.orders)', {}],
    [
      'at least 3 transactions with 5 rows in 2 tables (public.notes and public.orders)',
      { incomplete: 'a segment is missing' },
    ],
    [
      '1 transaction with 1 row in 1 table (file 16400 of hospital, whose name is not known), and changes of the system catalogs',
      {
        ...{ transactions: 1, inserted: 1, updated: 0, relationsInAll: 1, catalogs: 4 },
        relations: [{ database: 'hospital', name: null, filenode: 16_400, inserted: 1, updated: 0, deleted: 0 }],
      },
    ],
    ['only changes of the system catalogs', { transactions: 0, relations: [], relationsInAll: 0, catalogs: 2 }],
    [
      '3 transactions with 5 rows in 9 tables (a.a of x, b.b of y, c.c of x and 6 more)',
      {
        relationsInAll: 9,
        relations: [
          ['x', 'a.a'],
          ['y', 'b.b'],
          ['x', 'c.c'],
          ['x', 'd.d'],
        ].map(([database = '', name = '']) => ({ database, name, filenode: 1, inserted: 1, updated: 0, deleted: 0 })),
      },
    ],
  ])('reads: %s', (text, changes) => {
    expect(tailText(aTail(changes))).toBe(text);
  });

  test('is that of the old primary, where several have one, and is whole only then', () => {
    const part = (transactions: number) => ({ ...divergedPart, tail: { ...aTail(), transactions } });
    const of = (member: string, transactions: number) => ({ ...bundle, member, parts: [part(transactions)] });
    const bundles = [of('reading-c', 9), of('slough-a', 3)];
    expect(tailOf(incident2008, bundles)).toMatchObject({ member: 'slough-a', transactions: 3, whole: true });
    expect(tailOf(incident2008, bundles.slice(0, 1))).toMatchObject({ member: 'reading-c', whole: false });
    expect(tailOf({ ...incident2008, id: 'another' }, bundles)).toBeNull();
    expect(tailOf(incident2008, [bundle])).toBeNull();
  });

  test('survives the record that it is kept in', () => {
    const kept = { ...bundle, parts: [divergedPart] };
    expect(parseEvidence(JSON.parse(JSON.stringify(kept)))).toEqual(kept);
  });
});

const loss = (changes: Partial<Loss> = {}): Loss => ({
  ...{ bytesMax: null, timeMsMax: null, provedNone: false, basis: 'mode off' },
  ...changes,
});
const bounded = loss({ bytesMax: 1_024, timeMsMax: 4_000 });
const proved = loss({ bytesMax: 0, timeMsMax: 0, provedNone: true, basis: 'mode available' });
const empty = aTail({ transactions: 0, inserted: 0, updated: 0, relations: [], relationsInAll: 0 });

describe('whether anything was lost, when somebody has read what the old primary alone had', () => {
  test.each<[lost: string, given: Loss, tail: ReturnType<typeof aTail>, says: string]>([
    [
      'at-most',
      bounded,
      aTail(),
      'Changes that users saw saved may be lost: 3 transactions with 5 rows in 2 tables (public.notes and public.orders), of the last 4 s before the failure, at most 1,024 bytes of the write-ahead log (mode off).',
    ],
    [
      'at-most',
      loss(),
      aTail(),
      'Changes that users saw saved may be lost: 3 transactions with 5 rows in 2 tables (public.notes and public.orders), which may have been confirmed (mode off).',
    ],
    [
      'nothing',
      bounded,
      empty,
      'Nothing that a user saw saved was lost: no change had committed in what slough-a had beyond its successor, at most 1,024 bytes of the write-ahead log (mode off).',
    ],
    [
      'nothing',
      loss(),
      empty,
      'Nothing that a user saw saved was lost: no change had committed in what slough-a had beyond its successor (mode off).',
    ],
    // A part of it proves nothing about the rest.
    [
      'at-most',
      bounded,
      { ...empty, whole: false, incomplete: 'unread' },
      'Changes that users saw saved may be lost: none in the part that could be read, of the last 4 s before the failure, at most 1,024 bytes of the write-ahead log (mode off).',
    ],
    [
      'at-most',
      bounded,
      { ...empty, catalogs: 3 },
      'Changes that users saw saved may be lost: only changes of the system catalogs, of the last 4 s before the failure, at most 1,024 bytes of the write-ahead log (mode off).',
    ],
    [
      'nothing',
      proved,
      aTail(),
      'Nothing that a user saw saved was lost (mode available); not there, and confirmed to nobody: 3 transactions with 5 rows in 2 tables (public.notes and public.orders).',
    ],
    ['nothing', proved, empty, 'Nothing that a user saw saved was lost (mode available).'],
    [
      'nothing',
      loss({ bytesMax: 0, basis: 'the log' }),
      aTail(),
      "Nothing that a user saw saved is held to be lost; that is somebody's word and not proved (the log); slough-a had 3 transactions with 5 rows in 2 tables (public.notes and public.orders) beyond its successor.",
    ],
  ])('%s (%#)', (lost, given, tail, says) => {
    const incident: Incident = { ...incident2008, loss: given };
    expect(lossSentence(incident, tail)).toBe(says);
    expect(lostOrNot(given, tail)).toBe(lost);
  });

  test('a message to those who are served names nothing that they were never told was saved', () => {
    expect(plainLossSentence(proved, true, aTail())).toBe('Nothing that a user saw saved was lost.');
  });
});
