import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createJournal, journalFiles } from '../../src/adapters/journal/journal.ts';
import { createKeptState } from '../../src/adapters/journal/kept-state.ts';
import type { Decision } from '../../src/core/decision.ts';
import { parseJournalLine } from '../../src/core/journal-line.ts';
import { monoMs, wallMs } from '../../src/core/units.ts';
import type { View } from '../../src/core/view.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { aLog } from './a-log.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'baton-journal-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

let ticks = 0;
const wall = () => {
  ticks += 1;
  return wallMs(Date.parse('2008-04-24T08:15:00.000Z') + ticks);
};
const clock = { mono: () => monoMs(7), wall } as Clock;
const aDecision: Decision = { rule: 'campaign', because: 'the lease is free', intents: [] };
const aView = { nowMono: 7, self: {}, policy: {} } as unknown as View;
const linesOf = (files: readonly string[]) =>
  files
    .flatMap((file) => readFileSync(file, 'utf8').trimEnd().split('\n'))
    .map((line) => {
      const parsed = parseJournalLine(line);
      if (!parsed.ok) throw new Error(parsed.error);
      return parsed.value;
    });

describe('the journal', () => {
  test('writes decisions and events in order, one line each, for its owner only', async () => {
    const journal = createJournal({ directory: join(directory, 'journal'), clock, log: aLog() });
    journal.decided(aView, aDecision);
    journal.happened('near-miss', { lastedMs: 300 });
    await journal.close();
    const [file, ...more] = journalFiles(join(directory, 'journal'));
    expect(more).toEqual([]);
    expect(file).toMatch(/journal-20080424-081500\d{3}-\d+\.ndjson$/);
    expect(statSync(file!).mode & 0o777).toBe(0o600);
    expect(linesOf([file!])).toMatchObject([
      { kind: 'decided', seq: 0, mono: 7, rule: 'campaign', view: aView },
      { kind: 'happened', seq: 1, event: 'near-miss', details: { lastedMs: 300 } },
    ]);
  });

  test('goes on in the next file when one is full, and keeps the newest files', async () => {
    const journal = createJournal({ directory, clock, log: aLog(), fileBytesMax: 200, filesMax: 3 });
    writeFileSync(join(directory, 'journal-notes.txt'), 'not ours');
    for (let index = 0; index < 30; index += 1) {
      journal.happened('tick', { index });
      const written = () =>
        journalFiles(directory).some((file) => readFileSync(file, 'utf8').includes(`"index":${index}}`));
      await vi.waitFor(() => expect(written()).toBe(true), { interval: 1, timeout: 5000 });
    }
    await journal.close();
    const files = journalFiles(directory);
    expect(files).toHaveLength(3);
    expect(linesOf(files).at(-1)).toMatchObject({ seq: 29 });
    const seqs = linesOf(files).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_seq, index) => 30 - seqs.length + index));
    expect(readdirSync(directory)).toContain('journal-notes.txt');
  });

  test('keeps what a daemon wrote that keeps ending, until all of it is too large', async () => {
    const restart = async (at: number) => {
      const journal = createJournal({
        directory,
        clock: { ...clock, wall: () => wallMs(at) },
        log: aLog(),
        keptBytesMax: 2_000,
      });
      journal.happened('started', { at });
      await journal.close();
    };
    for (let run = 0; run < 15; run += 1) await restart(run);
    expect(journalFiles(directory)).toHaveLength(15);
    for (let run = 15; run < 60; run += 1) await restart(run);
    const files = journalFiles(directory);
    expect(files.length).toBeLessThan(60);
    expect(files.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThan(2_200);
    expect(linesOf(files).at(-1)).toMatchObject({ details: { at: 59 } });
  });

  test('drops lines rather than grow when the disk does not keep up, and says how many', async () => {
    const log = aLog();
    const journal = createJournal({ directory, clock, log, queueBytesMax: 1000 });
    for (let index = 0; index < 100; index += 1) journal.happened('burst', { index });
    await journal.close();
    const lines = linesOf(journalFiles(directory));
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.length).toBeLessThan(20);
    expect(log.lines).toEqual([['warn', 'journal lines were lost', { dropped: 100 - lines.length, directory }]]);
  });

  test('never fails its caller: not without a directory to write to, not for what cannot be written', async () => {
    const log = aLog();
    writeFileSync(join(directory, 'file'), '');
    const journal = createJournal({ directory: join(directory, 'file', 'journal'), clock, log });
    journal.happened('event', {});
    journal.happened('event', { act: () => undefined });
    await journal.close();
    journal.happened('after the end', {});
    expect(log.lines.map(([level]) => level)).toEqual(['error', 'error']);
  });
});

describe('kept state', () => {
  const facts = {
    etcdClusterId: '14841639068965178418',
    highestRevision: 900,
    highestTerm: 77,
    lastLedTerm: 77,
    crashesWallMs: [1, 2],
    hold: null,
    initializedCopyId: null,
  };

  test('is empty for a member that never ran', () => {
    expect(createKeptState({ directory }).read()).toMatchObject({ highestTerm: 0, etcdClusterId: null });
  });

  test('comes back after a restart, for its owner only, and leaves no other file', async () => {
    const kept = createKeptState({ directory });
    await kept.write(facts);
    await kept.write({ highestTerm: 78 });
    expect(createKeptState({ directory }).read()).toEqual({ ...facts, highestTerm: 78 });
    expect(statSync(join(directory, 'kept.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['kept.json']);
  });

  test('is durable for every caller when many write at once', async () => {
    const kept = createKeptState({ directory });
    const writes = Array.from({ length: 50 }, (_, index) =>
      kept.write(index % 2 === 0 ? { highestTerm: index } : { highestRevision: index }),
    );
    await writes[0];
    expect(createKeptState({ directory }).read().highestTerm).toBe(48);
    await Promise.all(writes);
    expect(createKeptState({ directory }).read()).toMatchObject({ highestTerm: 48, highestRevision: 49 });
  });

  test('says that a write failed, and the next one works', async () => {
    const kept = createKeptState({ directory: join(directory, 'state') });
    rmSync(join(directory, 'state'), { recursive: true });
    await expect(kept.write({ highestTerm: 5 })).rejects.toThrow('ENOENT');
    mkdirSync(join(directory, 'state'));
    await kept.write({ highestRevision: 6 });
    expect(createKeptState({ directory: join(directory, 'state') }).read()).toMatchObject({
      highestTerm: 5,
      highestRevision: 6,
    });
  });

  test('that lacks a fact an operator took out has its default', () => {
    writeFileSync(join(directory, 'kept.json'), JSON.stringify({ v: 1, highestTerm: 7 }));
    expect(createKeptState({ directory }).read()).toMatchObject({ highestTerm: 7, etcdClusterId: null });
  });

  test.each([
    ['cut off', '{"v":1,"highestT', /damaged: .*JSON/],
    ['empty', '', /damaged/],
    ['of another version', '{"v":2}', /damaged: .*expected 1/],
    ['a negative term', '{"v":1,"highestTerm":-1}', /damaged: .*highestTerm/],
  ])('that is %s is refused with its name and what to do', (_what, content, problem) => {
    writeFileSync(join(directory, 'kept.json'), content);
    expect(() => createKeptState({ directory })).toThrow(problem);
    expect(() => createKeptState({ directory })).toThrow(/kept\.json is damaged: .* move the file away/);
    expect(readFileSync(join(directory, 'kept.json'), 'utf8')).toBe(content);
  });

  test('that cannot be read is refused, not taken for empty', () => {
    mkdirSync(join(directory, 'kept.json'));
    expect(() => createKeptState({ directory })).toThrow(/cannot read .*kept\.json: EISDIR/);
    chmodSync(join(directory, 'kept.json'), 0o700);
  });
});
