import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { verifyLedger } from '../../src/adapters/journal/ledger-verify.ts';
import { segmentName } from '../../src/core/ledger-segments.ts';
import { dayMs } from '../../src/core/units.ts';
import type { Ledger } from '../../src/ports/ledger.ts';
import { aDisk, type DiskOperation, endless, LedgerPlace } from './a-ledger.ts';
import { aLog } from './a-log.ts';

function aPlace(): LedgerPlace {
  const place = new LedgerPlace();
  onTestFinished(() => place[Symbol.dispose]());
  return place;
}

/** Three of these make a segment of 600 bytes full. */
async function append(ledger: Ledger, from: number, to: number): Promise<void> {
  for (let index = from; index <= to; index += 1)
    expect(await ledger.append('note', { index, umlaut: 'Zürich' })).toMatchObject({ ok: true });
}

/** Closed segments that begin with entry 0, 3 and 6, and an active file with entry 9. */
async function filled(place: LedgerPlace): Promise<void> {
  const ledger = await place.open();
  await append(ledger, 0, 9);
  await ledger.close();
  expect(place.names()).toEqual([segmentName(0), segmentName(3), segmentName(6), 'ledger.ndjson']);
}

const indices = (entries: readonly { kind: string; body: unknown }[]) =>
  entries.flatMap(({ kind, body }) => (kind === 'note' ? (body as { index: number }).index : []));

describe('a ledger of segments', () => {
  test('is one chain, which goes on after a restart', async () => {
    const place = aPlace();
    await filled(place);
    const log = aLog();
    const ledger = await place.open({ log });
    await append(ledger, 10, 10);
    expect(await ledger.verify()).toMatchObject({ kind: 'intact', entries: 11 });
    expect(log.lines).toEqual([]);
    await ledger.close();
    const { entries, first, head, problem } = await place.all();
    expect([indices(entries), first, head.entries, problem]).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0, 11, null]);
  });

  test('remembers at its start what is in any segment', async () => {
    const place = aPlace();
    const ledger = await place.open();
    for (let index = 0; index < 8; index += 1) await ledger.append('service', { index });
    await ledger.close();
    const again = await place.open();
    expect(again.bodies('service')).toEqual(Array.from({ length: 8 }, (_, index) => ({ index })));
    await again.close();
  });

  test('is searched through all segments, while they are closed', async () => {
    const place = aPlace();
    await filled(place);
    const ledger = await place.open();
    const [found] = await Promise.all([ledger.extract('umlaut', () => true), append(ledger, 10, 20)]);
    expect(indices(found.entries).slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(indices(found.entries)).toHaveLength(found.head.entries);
    await ledger.close();
  });

  test('is still searched when a segment is dropped meanwhile', async () => {
    const place = aPlace();
    await filled(place);
    place.later(20 * dayMs);
    const ledger = await place.open({ retention: { ...endless, keepMs: 30 * dayMs } });
    place.later(20 * dayMs);
    const [found] = await Promise.all([ledger.extract('umlaut', () => true), append(ledger, 10, 10)]);
    expect([[9], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]).toContainEqual(indices(found.entries).filter((index) => index < 10));
    expect(found.problem).toBeNull();
    await ledger.close();
  });

  test('closes a file that had grown beyond the limit before there was one', async () => {
    const place = aPlace();
    const before = await place.open({ segmentBytes: 1_000_000 });
    await append(before, 0, 9);
    await before.close();
    expect(place.names()).toEqual(['ledger.ndjson']);
    await (await place.open()).close();
    expect(place.names()).toEqual([segmentName(0), 'ledger.ndjson']);
    expect(await verifyLedger(place.directory)).toMatchObject({ kind: 'intact', entries: 10 });
  });
});

describe('segments that are dropped', () => {
  test('for their age are told of in the chain and at info', async () => {
    const place = aPlace();
    await filled(place);
    place.later(31 * dayMs);
    const log = aLog();
    const ledger = await place.open({ log, retention: { ...endless, keepMs: 30 * dayMs } });
    expect(log.lines.map(([level, , fields]) => [level, fields['first'], fields['last']])).toEqual([
      ['info', 0, 2],
      ['info', 3, 5],
      ['info', 6, 8],
    ]);
    const { entries, first, head, problem } = await place.all();
    expect([entries.map(({ seq }) => seq), first, head.entries, problem]).toEqual([[9, 10, 11, 12], 9, 13, null]);
    expect(entries[1]).toMatchObject({
      kind: 'segment-dropped',
      body: {
        ...{ v: 1, first: 0, last: 2, why: 'age' },
        from: '2008-04-24T08:15:00.000Z',
        to: '2008-04-24T08:15:00.000Z',
      },
    });
    expect(await ledger.verify()).toMatchObject({ kind: 'intact', entries: 13 });
    await ledger.close();
  });

  test('for the size of all are told of at warn, and what is kept stays below it', async () => {
    const place = aPlace();
    const log = aLog();
    const ledger = await place.open({ log, retention: { ...endless, bytesMax: 2_000 } });
    await append(ledger, 0, 40);
    await ledger.close();
    expect(place.bytes()).toBeLessThanOrEqual(2_000);
    expect(new Set(log.lines.map(([level, message]) => `${level} ${message}`))).toEqual(
      new Set(['warn the oldest segment of the ledger is dropped: all of it is larger than ledger.maxSize']),
    );
    expect(await verifyLedger(place.directory)).toMatchObject({ kind: 'intact' });
    expect((await place.all()).first).toBeGreaterThan(20);
  });

  test('were not told of when they are just gone, and that is found', async () => {
    const place = aPlace();
    await filled(place);
    rmSync(place.path(segmentName(0)));
    expect(await verifyLedger(place.directory)).toMatchObject({
      kind: 'broken',
      seq: 0,
      problem: expect.stringContaining('the chain begins with entry 3, and no entry accounts for those from 0 on'),
    });
    expect((await place.all()).problem).toMatch(/begins with entry 3/);
  });

  test('do not account for one that is gone after them', async () => {
    const place = aPlace();
    await filled(place);
    const ledger = await place.open({ retention: { ...endless, bytesMax: place.bytes() - 1 } });
    await ledger.close();
    expect(place.names()[0]).toBe(segmentName(3));
    expect(await verifyLedger(place.directory)).toMatchObject({ kind: 'intact' });
    rmSync(place.path(segmentName(3)));
    expect(await verifyLedger(place.directory)).toMatchObject({
      kind: 'broken',
      seq: 3,
      problem: expect.stringContaining('begins with entry 6, and no entry accounts for those from 3 on'),
    });
  });

  test('account for nothing when their last hash is not the one that is carried on', async () => {
    const place = aPlace();
    await filled(place);
    rmSync(place.path(segmentName(0)));
    const ledger = await place.open();
    await ledger.append('segment-dropped', {
      ...{ v: 1, first: 0, last: 2, lastHash: 'a'.repeat(64), bytes: 600, why: 'age' },
      from: '2008-04-24T08:15:00.000Z',
      to: '2008-04-24T08:15:00.000Z',
    });
    expect(await ledger.verify()).toMatchObject({
      kind: 'broken',
      seq: 3,
      problem: expect.stringContaining('entry 3, with which the chain begins, does not carry the hash'),
    });
    await ledger.close();
  });
});

describe('damage', () => {
  test('in an older segment is left for verify to show, with the file and the line', async () => {
    const place = aPlace();
    await filled(place);
    place.change(segmentName(3), '"index":4', '"index":7');
    const log = aLog();
    const ledger = await place.open({ log });
    await append(ledger, 10, 10);
    expect(log.lines).toEqual([]);
    expect(await ledger.verify()).toMatchObject({
      kind: 'broken',
      seq: 4,
      problem: `${place.path(segmentName(3))}, line 2: the entry was changed: its hash is not that of its content`,
    });
    expect((await ledger.extract('umlaut', () => true)).problem).toContain(`${segmentName(3)}, line 2`);
    await ledger.close();
    expect((await place.all()).problem).toContain(`${segmentName(3)}, line 2`);
  });

  test('at the end of an older segment is not taken for a crash', async () => {
    const place = aPlace();
    await filled(place);
    appendFileSync(place.path(segmentName(3)), '{"half');
    const log = aLog();
    await (await place.open({ log })).close();
    expect(log.lines).toEqual([]);
    expect(await verifyLedger(place.directory)).toMatchObject({
      kind: 'broken',
      seq: 6,
      problem: expect.stringContaining('line 4: the entry is cut off'),
    });
  });

  test('at the end of the active file puts that aside; the chain goes on after what was closed', async () => {
    const place = aPlace();
    await filled(place);
    place.change('ledger.ndjson', '"index":9', '"index":7');
    const log = aLog();
    const ledger = await place.open({ log });
    expect(log.lines.map(([level]) => level)).toEqual(['error']);
    await append(ledger, 10, 10);
    expect(await ledger.verify()).toMatchObject({ kind: 'intact', entries: 11 });
    await ledger.close();
    const { entries } = await place.all();
    expect(entries.slice(-2).map(({ seq, kind }) => [seq, kind])).toEqual([
      [9, 'chain-begun-anew'],
      [10, 'note'],
    ]);
    expect(readdirSync(place.directory)).toContain('ledger.damaged-20080424T081500000Z.ndjson');
  });

  test('that takes the account of dropped segments along is put aside, and the account is given again', async () => {
    const place = aPlace();
    await filled(place);
    const ledger = await place.open({ retention: { ...endless, bytesMax: place.bytes() - 1 } });
    await append(ledger, 10, 10);
    await ledger.close();
    expect(place.names()).toEqual([segmentName(3), segmentName(6), segmentName(9), 'ledger.ndjson']);
    rmSync(place.path('ledger.ndjson'));
    place.change(segmentName(9), '"index":10', '"index":11');
    const again = await place.open();
    expect(await again.verify()).toMatchObject({ kind: 'intact' });
    expect((await place.all()).entries.map(({ kind }) => kind).slice(-2)).toEqual([
      'chain-begun-anew',
      'segment-dropped',
    ]);
    await again.close();
  });

  test('of a whole segment does not keep it for ever', async () => {
    const place = aPlace();
    await filled(place);
    const size = readFileSync(place.path(segmentName(0))).length;
    rmSync(place.path(segmentName(0)));
    appendFileSync(place.path(segmentName(0)), `${'x'.repeat(size - 1)}\n`);
    const ledger = await place.open({ retention: { ...endless, bytesMax: 1_800 } });
    expect(place.names()).not.toContain(segmentName(0));
    await ledger.close();
  });
});

describe('a crash while a file is closed', () => {
  test.each<[when: string, last: DiskOperation, names: readonly string[]]>([
    ['before it was renamed', 'rename', ['ledger.ndjson']],
    ['before the new file was made', 'open', [segmentName(0)]],
    ['before the directory was synced', 'syncDirectory', [segmentName(0), 'ledger.ndjson']],
  ])('%s loses nothing, and the next start goes on', async (_when, last, names) => {
    const place = aPlace();
    let crashed = false;
    const ledger = await place.open({ disk: aDisk((each) => crashed && each === last) });
    crashed = true;
    await append(ledger, 0, 2);
    await ledger.close();
    expect(place.names()).toEqual(names);
    appendFileSync(place.path(place.lastWritten()), '{"half');
    const log = aLog();
    const again = await place.open({ log });
    expect(log.lines).toMatchObject([['warn', expect.stringContaining('cut off by a crash'), { bytes: 6 }]]);
    await append(again, 3, 3);
    await again.close();
    expect(place.names()).toEqual([segmentName(0), 'ledger.ndjson']);
    expect(await verifyLedger(place.directory)).toMatchObject({ kind: 'intact', entries: 4 });
    expect(indices((await place.all()).entries)).toEqual([0, 1, 2, 3]);
  });
});

describe('what the disk refuses', () => {
  test.each<[operation: DiskOperation]>([['rename'], ['open'], ['syncDirectory']])(
    'while a file is closed (%s) costs nothing, is said once, and done later',
    async (operation) => {
      const place = aPlace();
      let broken = false;
      const log = aLog();
      const ledger = await place.open({ log, disk: aDisk((each) => broken && each === operation) });
      broken = true;
      await append(ledger, 0, 6);
      expect(place.names().length).toBeLessThanOrEqual(2);
      expect(await ledger.verify()).toMatchObject({ kind: 'intact', entries: 7 });
      expect((await ledger.extract('umlaut', () => true)).entries).toHaveLength(7);
      broken = false;
      await append(ledger, 7, 8);
      await ledger.close();
      expect(log.lines).toEqual([
        [
          'warn',
          expect.stringContaining('could not be closed'),
          expect.objectContaining({ problem: `EIO: ${operation}` }),
        ],
        ['info', expect.stringContaining('as they should be again'), expect.anything()],
      ]);
      expect(place.names()).toEqual([segmentName(0), 'ledger.ndjson']);
      expect(indices((await place.all()).entries)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    },
  );

  test('to remove is accounted for once, also across a restart, and removed later', async () => {
    const place = aPlace();
    await filled(place);
    const retention = { ...endless, bytesMax: place.bytes() - 1 };
    const log = aLog();
    const ledger = await place.open({ retention, log, disk: aDisk((each) => each === 'remove') });
    expect(existsSync(place.path(segmentName(0)))).toBe(true);
    expect(log.lines.map(([level]) => level)).toEqual(['warn', 'warn']);
    expect(await ledger.verify()).toMatchObject({ kind: 'intact', entries: 11 });
    await ledger.close();
    const again = await place.open({ retention });
    expect(existsSync(place.path(segmentName(0)))).toBe(false);
    expect(await again.verify()).toMatchObject({ kind: 'intact', entries: 11 });
    await again.close();
  });

  test('a name that is taken is not written over', async () => {
    const place = aPlace();
    const ledger = await place.open();
    mkdirSync(place.path(segmentName(0)));
    await append(ledger, 0, 4);
    rmdirSync(place.path(segmentName(0)));
    await append(ledger, 5, 5);
    expect(await ledger.verify()).toMatchObject({ kind: 'intact', entries: 6 });
    await ledger.close();
    expect(place.names()).toEqual([segmentName(0), 'ledger.ndjson']);
  });
});
