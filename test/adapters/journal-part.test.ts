import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { journalParts } from '../../src/adapters/journal/journal-part.ts';
import { textTail } from '../../src/adapters/postgres/evidence/text-tail.ts';
import { formatDecided, formatHappened } from '../../src/core/journal-line.ts';
import { monoMs, wallMs } from '../../src/core/units.ts';
import type { View } from '../../src/core/view.ts';
import { aPrimary, aSender, aView } from '../core/a-view.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'baton-journal-part-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const begin = Date.parse('2008-04-24T08:15:00.000Z');
const alone = aView(aPrimary());
const followed = aView(aPrimary({ walsenders: [aSender()] }));
const unknown = aView({ kind: 'unknown' });

/** Seconds after the beginning, and what was decided on then; text: something happened. */
function write(lines: readonly (readonly [atSeconds: number, view: View | string])[]): void {
  const text = lines.map(([seconds, what], seq) => {
    const stamp = { seq, wall: wallMs(begin + seconds * 1_000), mono: monoMs(seq) };
    return typeof what === 'string'
      ? formatHappened(stamp, what, {})
      : formatDecided(stamp, what, { rule: 'lead', because: 'leading', intents: [] });
  });
  writeFileSync(join(directory, 'journal-20080424-081000000-1.ndjson'), text.join(''));
}

const look = (fromSeconds: number) =>
  journalParts(
    directory,
    { from: wallMs(begin + fromSeconds * 1_000), to: wallMs(begin + 60_000), begin: wallMs(begin) },
    AbortSignal.timeout(10_000),
  );

test('replication before an incident is what was known last before it began, also of half a minute before', async () => {
  write([
    [-300, alone],
    [-2, followed],
    [3, unknown],
  ]);
  const [journal, replication, ...more] = await look(-30);
  expect(more).toEqual([]);
  expect(journal?.lines).toHaveLength(2);
  expect(replication).toMatchObject({ source: 'replication', problem: null });
  expect(replication?.from).toContain('2008-04-24T08:14:58.000Z');
  expect(replication?.lines).toHaveLength(2); // the primary, and who followed it
});

test('the look after an incident has the journal since the one before, and says nothing of replication before it', async () => {
  write([
    [-2, followed],
    [3, unknown],
    [20, alone],
  ]);
  expect((await look(10)).map(({ source, lines }) => [source, lines.length])).toEqual([['journal', 1]]);
});

test('a journal that goes round in circles is kept to its newest lines, and how many there were is said', async () => {
  write(Array.from({ length: 2_010 }, (_, index) => [index / 100, `round-${index}`] as const));
  const [journal] = await look(-30);
  expect(journal?.lines.at(-1)).toContain('round-2009');
  expect([journal?.lines.length, journal?.notRead]).toEqual([2_000, '10 lines']);
});

test('the end of a log says how much of the file comes before it', async () => {
  const path = join(directory, 'postgres.log');
  writeFileSync(path, 'first line\nsecond line\nthird line\n');
  expect(await textTail(path, 1_000)).toEqual({ lines: ['first line', 'second line', 'third line'], bytesBefore: 0 });
  expect(await textTail(path, 15)).toEqual({ lines: ['third line'], bytesBefore: 19 });
});
