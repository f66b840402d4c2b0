import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commonMs, WritableTimes } from '../../scripts/bench/side-by-side/intervals.ts';
import { parseSideBySide } from '../../scripts/bench/side-by-side/options.ts';
import type { Seen } from '../../scripts/bench/side-by-side/play.ts';
import { plotSvg, x } from '../../scripts/bench/side-by-side/plot.ts';
import { reportMarkdown, reportText, shortfalls } from '../../scripts/bench/side-by-side/report.ts';
import {
  type Cell,
  interleaved,
  missingRuns,
  readResults,
  type RoundRecord,
  writeResults,
} from '../../scripts/bench/side-by-side/results.ts';
import { damageOf, percentile, summariesOf } from '../../scripts/bench/side-by-side/summary.ts';

const baton: Cell = { system: 'baton', setting: 'default', version: 'Baton 1', fault: 'killed', rttMs: 0 };
const patroni: Cell = { ...baton, system: 'patroni', setting: 'tuned', version: 'patroni 3' };
const kills = {
  ...{ name: 'killed', label: 'postmaster killed', says: 'It is killed', targetMs: 150 },
  lasts: { moves: true, msMin: 0, thenMs: 0, limitMs: 1_000 },
};

const aSeen = (seen: Partial<Seen> = {}): Seen => ({
  ...{ outageMs: 100, outageEnded: true, otherGapsMs: [], moved: true, lastedMs: 3_000, redundantMs: 2_000 },
  ...{ byHand: false, twoWritableMs: 0, twoWritableAtEnd: false, acknowledged: 500, lost: 0, wrong: 0, budget: null },
  ...seen,
});
const about = { at: '2026-01-01T00:00:00.000Z', commit: 'c', loadBefore: 0 };
const seen = (cell: Cell, some: Partial<Seen> = {}, at = about.at): RoundRecord => ({
  ...{ ...about, ...cell, at },
  ...{ kind: 'seen', seen: aSeen(some) },
});
const failed = (cell: Cell): RoundRecord => ({ ...about, ...cell, kind: 'failed', problem: 'no' });
const impossible = (cell: Cell): RoundRecord => ({ ...about, ...cell, kind: 'impossible', why: 'has none' });

describe('what is still to be played', () => {
  test('rounds that were seen count, failed ones do not', () => {
    expect(missingRuns(baton, 3, [seen(baton), failed(baton)])).toBe(2);
    expect(missingRuns(baton, 1, [seen(baton), seen(baton)])).toBe(0);
  });

  test('rounds of another commit, setting, fault or distance are of another cell', () => {
    const others = [
      { ...baton, version: 'Baton 2' },
      { ...baton, fault: 'cut' },
      { ...baton, rttMs: 10 },
    ];
    expect(
      missingRuns(
        baton,
        3,
        [...others, patroni].map((cell) => seen(cell)),
      ),
    ).toBe(3);
  });

  test('what a system does not have is asked for once', () => {
    expect(missingRuns(patroni, 3, [impossible(patroni)])).toBe(0);
  });

  test('the few rounds of one are spread over the many of another', () => {
    const order = interleaved([
      { cell: baton, runs: 6 },
      { cell: patroni, runs: 2 },
    ]).map(({ system }) => system[0]);
    expect(order.join('')).toBe('bbpbbbpb');
  });
});

describe('results in a file', () => {
  test('come back as they were written, and are nothing where no file is', () => {
    const directory = mkdtempSync(join(tmpdir(), 'baton-results-'));
    try {
      const file = join(directory, 'new', 'peers.json');
      expect(readResults(file)).toBeNull();
      const machine = { cores: 2, processor: 'p', memoryMiB: 1, kernel: 'k', loadBefore: 0 };
      const results = {
        v: 1,
        machine: { ...machine, node: 'n', postgres: 'p', etcd: 'e' },
        commands: [],
        rounds: [seen(baton)],
      };
      writeResults(file, { ...results, v: 1 });
      expect(readResults(file)).toEqual(results);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('two nodes that take writes', () => {
  const times = (...answers: readonly (readonly [sent: number, received: number, writable: boolean] | null)[]) => {
    const all = new WritableTimes();
    for (const answer of answers)
      all.add(answer === null ? null : { sentMono: answer[0], receivedMono: answer[1], writable: answer[2] });
    return all.intervals;
  };

  test('are certain only between the first answer and the last question', () => {
    expect(times([0, 10, true], [20, 30, true], [40, 50, false])).toEqual([{ fromMono: 10, toMono: 20 }]);
  });

  test('a silence ends what was certain, and one answer alone is no time', () => {
    expect(times([0, 10, true], null, [40, 50, true])).toEqual([
      { fromMono: 10, toMono: 10 },
      { fromMono: 50, toMono: 50 },
    ]);
  });

  test('are counted for as long as both are certain', () => {
    const one = [{ fromMono: 0, toMono: 100 }];
    const other = [
      { fromMono: 50, toMono: 70 },
      { fromMono: 90, toMono: 200 },
    ];
    expect(commonMs(one, other)).toBe(30);
    expect(commonMs(one, [{ fromMono: 100, toMono: 200 }])).toBe(0);
  });
});

describe('what rounds come to', () => {
  test('only the version that was measured last is shown', () => {
    const newer = { ...baton, version: 'Baton 2' };
    const rounds = [seen(newer, {}, '2026-02-01T00:00:00.000Z'), seen(baton), seen(patroni)];
    expect(summariesOf(rounds).map(({ cell }) => cell.version)).toEqual(['Baton 2', 'patroni 3']);
  });

  test('medians, sums and worst cases', () => {
    const budget = { suspected: 5, promotion: 26 };
    const [summary] = summariesOf([
      seen(baton, { outageMs: 100, lost: 1, twoWritableMs: 20, budget }),
      seen(baton, { outageMs: 300, lost: 2, redundantMs: null, moved: false }),
      seen(baton, { outageMs: 200, outageEnded: false }),
      failed(baton),
    ]);
    expect(summary).toMatchObject({
      ...{ rounds: 3, failed: 1, endless: 1, moved: 2, lost: 3, twoWritableMsMax: 20, neverRedundant: 1 },
      outageMs: { min: 100, median: 200, max: 300, p95: 300 },
      budget,
    });
  });

  test('the 95th percentile is a value that was measured', () => {
    const values = Array.from({ length: 20 }, (_, at) => at + 1);
    expect(percentile(values, 0.95)).toBe(19);
    expect(percentile([7], 0.95)).toBe(7);
  });

  test('what a system did not survive is said', () => {
    const [summary] = summariesOf([seen(patroni, { lost: 5, twoWritableMs: 15_200, twoWritableAtEnd: true })]);
    expect(summary && damageOf(summary)).toEqual(['5 writes lost', 'two writable for 15+ s']);
  });
});

describe('the verdict', () => {
  const report = (...rounds: readonly RoundRecord[]) => ({ faults: [kills], summaries: summariesOf(rounds) });

  test('is good when the target is met and the peer is three times slower, or has no outage at all', () => {
    expect(shortfalls(report(seen(baton), seen(patroni, { outageMs: 300 })))).toEqual([]);
    expect(shortfalls(report(seen(baton), seen(patroni, { outageMs: 0 })))).toEqual([]);
  });

  test('does not compare with a peer that lost writes', () => {
    expect(shortfalls(report(seen(baton), seen(patroni, { outageMs: 100, lost: 1 })))).toEqual([]);
  });

  const cases: readonly (readonly [says: string, rounds: readonly RoundRecord[], found: RegExp])[] = [
    ['a missed target', [seen(baton, { outageMs: 200 })], /median outage is 0\.20 s, the target 0\.15 s/],
    ['a peer that is nearly as fast', [seen(baton), seen(patroni, { outageMs: 290 })], /patroni tuned takes 0\.29 s/],
    [
      'a long tail',
      [seen(baton), seen(baton), seen(baton, { outageMs: 400 })],
      /p95 is 0\.40 s, more than 2 times its median/,
    ],
    ['a lost write of its own', [seen(baton, { lost: 1 })], /BATON: 1 writes lost/],
  ];
  for (const [says, rounds, found] of cases)
    test(`names ${says}`, () => expect(shortfalls(report(...rounds)).join('\n')).toMatch(found));
});

describe('the tables and the plot', () => {
  const rounds = [
    ...[seen(baton), seen(patroni, { outageMs: 20_100, lost: 12 })],
    impossible({ ...patroni, system: 'repmgr', version: 'repmgr 5' }),
  ];
  const report = { faults: [kills], summaries: summariesOf(rounds) };

  test('have a row for each system with its version', () => {
    expect(reportText(report)).toMatch(/patroni tuned \(patroni 3\) +20\.1 /);
    const markdown = reportMarkdown(report, {
      machine: {
        ...{ cores: 2, processor: 'p', memoryMiB: 1, kernel: 'k', loadBefore: 0 },
        ...{ node: 'n', postgres: 'p', etcd: 'e' },
      },
      systems: [{ name: 'baton', setting: 'default', says: 'as it is' }],
      ...{ commands: ['npm run bench -- --all'], at: '2026', picture: 'peers.svg' },
    });
    expect(markdown).toContain('| postmaster killed | 0.10 | 20.1; 12 writes lost | – |');
    expect(markdown).toContain('- **baton default**: as it is.');
  });

  test('say where nobody failed over although somebody should have', () => {
    const summaries = summariesOf([seen(patroni, { outageMs: 0, moved: false })]);
    expect(plotSvg([kills], summaries)).toContain('0, no failover');
    const still = { ...kills, lasts: { ...kills.lasts, moves: false } };
    expect(plotSvg([still], summaries)).not.toContain('no failover');
  });

  test('the plot has a mark for each outage, on a logarithmic scale, and nothing is out of it', () => {
    const svg = plotSvg([kills], report.summaries);
    expect(svg.match(/<title>/g)).toHaveLength(2);
    expect(svg).toContain('20.1, 12 writes lost');
    expect(x(100) - x(10)).toBeCloseTo(x(1_000) - x(100));
    expect(x(0)).toBeLessThan(x(10));
    expect(x(1e9)).toBe(x(100_000));
  });
});

describe('the options', () => {
  test('take lists with commas and repeated ones, each system once', () => {
    const { systems, faults } = parseSideBySide(['--sut', 'baton,patroni', '--sut', 'baton', '--fault', 'cut-off']);
    expect(systems.map(({ name, setting }) => `${name} ${setting}`)).toEqual([
      ...['baton default', 'patroni tuned', 'patroni default'],
    ]);
    expect(faults.map(({ name }) => name)).toEqual(['cut-off']);
  });

  test('an unknown system or fault is an error that says which there are', () => {
    expect(() => parseSideBySide(['--sut', 'stolon'])).toThrow(/no system stolon; there are: baton patroni/);
    expect(() => parseSideBySide(['--all', '--fault', 'x'])).toThrow(/no fault x; there are: postmaster-killed/);
  });
});
