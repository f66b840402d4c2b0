import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLedger } from '../../src/adapters/journal/ledger.ts';
import { extractEntries } from '../../src/adapters/journal/ledger-extract.ts';
import { verifyLedger } from '../../src/adapters/journal/ledger-verify.ts';
import type { Incident } from '../../src/core/sla/incident.ts';
import { dayMs, MiB, wallMs } from '../../src/core/units.ts';
import { failover, fold } from '../core/sla/facts.ts';
import { aLog } from './a-log.ts';

let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'baton-ledger-'));
  path = join(directory, 'ledger.ndjson');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const clock = { wall: () => wallMs(Date.parse('2008-04-24T08:15:00.000Z')) };
const retention = { keepMs: 3_650 * dayMs, bytesMax: 128 * MiB };
const opened = (log = aLog()) => createLedger({ directory, clock, log, retention });
const versions = fold(failover).incidents;
const last = versions.at(-1) as Incident;
const text = () => readFileSync(path, 'utf8');

async function filled(entries = 5): Promise<void> {
  const ledger = await opened();
  for (let index = 0; index < entries; index += 1) await ledger.append('note', { index, umlaut: 'Zürich' });
  await ledger.close();
}

describe('the ledger', () => {
  test('chains every entry to the one before, across restarts, for its owner only', async () => {
    await filled(2);
    const ledger = await opened();
    const third = await ledger.append('note', { index: 2 });
    expect(third).toMatchObject({ ok: true, value: { seq: 2, wall: '2008-04-24T08:15:00.000Z' } });
    const [first, second] = text()
      .split('\n')
      .map((line) => (line === '' ? null : JSON.parse(line)));
    expect(first.prev).toBe('0'.repeat(64));
    expect(second.prev).toBe(first.hash);
    expect(await ledger.verify()).toEqual({ kind: 'intact', entries: 3, lastHash: third.ok ? third.value.hash : '' });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await ledger.close();
  });

  test('gives the newest version of each incident, also after a restart', async () => {
    const ledger = await opened();
    for (const version of versions) await ledger.append('incident', version);
    await ledger.append('note', { id: last.id });
    expect(ledger.incidents()).toEqual([last]);
    await ledger.close();
    const again = await opened();
    expect(again.incidents()).toEqual([last]);
    await again.close();
  });

  test('takes the version of the highest edition for the newest, in whatever order they were appended', async () => {
    const [open, closed] = [
      { ...last, edition: 4, state: 'open' },
      { ...last, edition: 5 },
    ];
    const ledger = await opened();
    for (const version of [closed, open]) await ledger.append('incident', version);
    expect(ledger.incidents()).toEqual([closed]);
    await ledger.close();
    const again = await opened();
    expect(again.incidents()).toEqual([closed]);
    await again.close();
  });

  test('keeps the order of appends that were not waited for', async () => {
    const ledger = await opened();
    await Promise.all(Array.from({ length: 40 }, (_, index) => ledger.append('note', index)));
    expect(
      text()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).body),
    ).toEqual(Array.from({ length: 40 }, (_, index) => index));
    expect(await ledger.verify()).toMatchObject({ kind: 'intact', entries: 40 });
    await ledger.close();
  });

  test('refuses a body that is not JSON and goes on', async () => {
    const ledger = await opened();
    expect(await ledger.append('note', { lsn: 1n })).toMatchObject({
      ok: false,
      error: expect.stringContaining('bigint'),
    });
    expect(await ledger.append('note', 1)).toMatchObject({ ok: true, value: { seq: 0 } });
    await ledger.close();
  });

  test('cuts off what another write left half done before the next entry', async () => {
    const ledger = await opened();
    await ledger.append('note', 1);
    appendFileSync(path, '{"half');
    await ledger.append('note', 2);
    expect(await ledger.verify()).toMatchObject({ kind: 'intact', entries: 2 });
    await ledger.close();
  });
});

describe('after a crash', () => {
  test('a last line that was cut off at any byte is removed, said so, and the chain goes on', async () => {
    await filled(3);
    const whole = readFileSync(path);
    const lastLine = whole.lastIndexOf(10, whole.length - 2) + 1;
    for (const cut of [lastLine + 1, lastLine + 40, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, cut));
      const log = aLog();
      const ledger = await opened(log);
      expect(log.lines).toEqual([
        ['warn', expect.stringContaining('cut off by a crash'), { path, bytes: cut - lastLine }],
      ]);
      expect(statSync(path).size).toBe(lastLine);
      expect(await ledger.append('note', 'next')).toMatchObject({ ok: true, value: { seq: 2 } });
      expect(await ledger.verify()).toMatchObject({ kind: 'intact', entries: 3 });
      await ledger.close();
    }
  });

  test('an end that holds garbage instead of the line is removed, too', async () => {
    await filled(2);
    const size = statSync(path).size;
    truncateSync(path, size + 4096);
    const ledger = await opened();
    expect(await ledger.verify()).toMatchObject({ kind: 'intact', entries: 2 });
    expect(statSync(path).size).toBe(size);
    await ledger.close();
  });

  test('an intact ledger is opened without a word', async () => {
    await filled();
    const log = aLog();
    await (await opened(log)).close();
    expect(log.lines).toEqual([]);
  });
});

describe('a ledger that somebody changed', () => {
  const lines = () => text().trimEnd().split('\n');
  const write = (changed: readonly string[]) => writeFileSync(path, `${changed.join('\n')}\n`);

  test.each<[what: string, change: (lines: readonly string[]) => readonly string[], seq: number, problem: RegExp]>([
    ['in a number', (all) => all.with(2, all[2]!.replace('"index":2', '"index":7')), 2, /line 3: .*was changed/],
    ['by taking out an entry', (all) => all.toSpliced(1, 1), 1, /line 2: .*missing or out of order/],
    ['by swapping two entries', (all) => [all[0]!, all[2]!, all[1]!, ...all.slice(3)], 1, /line 2/],
    ["by another chain's entry in the same place", (all) => all.with(1, all[0]!), 1, /line 2/],
    ['by something that is no entry', (all) => all.with(3, '{}'), 3, /line 4: .*not an entry/],
    ['by something that is not JSON', (all) => all.with(0, 'hello'), 0, /line 1: .*not JSON/],
  ])('%s does not verify, and the place is named', async (_what, change, seq, problem) => {
    await filled();
    write(change(lines()));
    const check = await verifyLedger(path);
    expect(check).toMatchObject({ kind: 'broken', seq, problem: expect.stringMatching(problem) });
  });

  test('does not verify when its end is missing half a line', async () => {
    await filled();
    truncateSync(path, statSync(path).size - 3);
    expect(await verifyLedger(path)).toMatchObject({
      kind: 'broken',
      seq: 4,
      problem: expect.stringContaining('cut off'),
    });
  });

  test('with a damaged last line is put aside untouched; a new chain begins and names it', async () => {
    const first = await opened();
    await first.append('incident', last);
    await first.append('note', 'x');
    await first.close();
    const damaged = text().replace('"body":"x"', '"body":"y"');
    writeFileSync(path, damaged);
    const log = aLog();
    const ledger = await opened(log);
    const aside = readdirSync(directory).find((name) => name.startsWith('ledger.damaged-'));
    expect(readFileSync(join(directory, aside!), 'utf8')).toBe(damaged);
    expect(log.lines.map(([level]) => level)).toEqual(['error']);
    expect(await ledger.verify()).toMatchObject({ kind: 'intact', entries: 1 });
    expect(text()).toContain('line 2: the entry was changed');
    expect(ledger.incidents()).toEqual([last]);
    await ledger.close();
  });

  test('further up is opened and carried on, and still does not verify', async () => {
    await filled();
    write(lines().with(1, lines()[1]!.replace('"index":1', '"index":9')));
    const ledger = await opened();
    expect(await ledger.append('note', 'on')).toMatchObject({ ok: true, value: { seq: 5 } });
    expect(await ledger.verify()).toMatchObject({ kind: 'broken', seq: 1 });
    await ledger.close();
  });
});

describe('what a ledger holds of one thing', () => {
  test('is found by its mention, with where the chain ends, while others append', async () => {
    await filled(3);
    const ledger = await opened();
    await ledger.append('incident', last);
    const [found] = await Promise.all([
      ledger.extract(last.id, ({ kind }) => kind === 'incident'),
      ledger.append('note', { id: last.id }),
    ]);
    expect(found).toMatchObject({ entries: [{ seq: 3, kind: 'incident', body: last }], problem: null });
    expect([4, 5]).toContain(found.head.entries);
    expect((await ledger.extract('not in it', () => true)).entries).toEqual([]);
    expect((await ledger.extract(last.id, () => true)).entries.map(({ seq }) => seq)).toEqual([3, 4]);
    await ledger.close();
  });

  test('is less what is damaged, and that is said', async () => {
    await filled(2);
    writeFileSync(path, text().replace('"index":0', '"index":7'));
    const ledger = await opened();
    expect(await ledger.extract('umlaut', () => true)).toMatchObject({
      entries: [{ seq: 1 }],
      head: { entries: 2 },
      problem: expect.stringContaining('line 1: the entry was changed'),
    });
    expect(await extractEntries(path, ({ seq }) => seq === 1)).toMatchObject({
      entries: [{ seq: 1 }],
      problem: expect.stringContaining('line 1: the entry was changed'),
    });
    await ledger.close();
  });

  test('is nothing of an empty one', async () => {
    const ledger = await opened();
    expect(await ledger.extract('x', () => true)).toMatchObject({ entries: [], head: { entries: 0 }, problem: null });
    await ledger.close();
  });
});
