import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Cell, cellsOf, cellsText, mergeCells, readCells } from '../../scripts/chaos/failure-cells.ts';
import { failureModesText } from '../../scripts/chaos/failure-modes.ts';
import { faults, faultsNamed } from '../../scripts/chaos/faults/all.ts';
import { type ChaosOptions, parseOptions } from '../../scripts/chaos/options.ts';
import { leftOut, planned } from '../../scripts/chaos/plan.ts';
import { addResult, passedCount, readAllResults, readResults, type RoundResult } from '../../scripts/chaos/results.ts';
import { resultTable, summaryOf } from '../../scripts/chaos/table.ts';
import { observation } from './an-observation.ts';

const out = mkdtempSync(join(tmpdir(), 'baton-chaos-results-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const round = (second: number, outageMs: number, complaints: readonly string[]): RoundResult => ({
  kind: complaints.length === 0 ? 'passed' : 'failed',
  at: at(second),
  observed: { ...observation, outageMs },
  complaints,
});
const passed = (second: number, outageMs: number) => round(second, outageMs, []);
const failed = round(3, 9_000, ['clients waited']);
const broken: RoundResult = {
  kind: 'broken',
  at: at(4),
  observed: { fault: 'kill-host', mode: 'strict', members: 2, seed: 7 },
  complaints: ['not within 120000 ms'],
};

test('results of a commit are merged, and only what passed there is left out by --resume', () => {
  addResult(out, 'older', passed(1, 800));
  addResult(out, 'newer', passed(2, 700));
  addResult(out, 'newer', failed);
  addResult(out, 'newer', broken);
  const { fault, mode, members } = observation;
  expect(passedCount(readResults(out, 'newer'), { fault, mode, members })).toBe(1);
  expect(passedCount(readResults(out, 'newer'), { fault, mode: 'strict', members })).toBe(0);
  expect(passedCount(readResults(out, 'newer'), { fault, mode, members: 3 })).toBe(0);
  expect(passedCount(readResults(out, 'unknown'), { fault, mode, members })).toBe(0);
  writeFileSync(join(out, 'soak-newer-strict.json'), '{"v": 1}');
  expect(readAllResults(out).map(({ commit }) => commit)).toEqual(['newer', 'newer', 'newer', 'older']);
});

const lacksNothing = { compiler: null, throttles: null };
const lacksGcc = { compiler: 'there is no gcc', throttles: null };
const asked = (...args: readonly string[]): ChaosOptions =>
  parseOptions([...['--fault', 'kill-host', 'aimed-degrade', 'disk-slow', '--seed', '5'], ...args]);
const none = readResults(out, 'unknown');

test('a plan has every fault in every mode that it is for, and a seed of its own for each round', () => {
  const plan = planned(asked('--mode', 'all', '--rounds', '2'), none, lacksNothing);
  const of = (name: string) => plan.filter(({ fault }) => fault === name).map(({ mode, seed }) => `${mode} ${seed}`);
  expect(of('kill-host')).toEqual(['available 5', 'available 6', 'strict 5', 'strict 6', 'off 5', 'off 6']);
  expect(of('aimed-degrade')).toEqual(['available 5', 'available 6', 'strict 5', 'strict 6']);
  const modes = plan.map(({ mode }) => mode);
  expect(modes).toEqual(modes.toSorted((one, other) => modes.indexOf(one) - modes.indexOf(other)));
});

test('what cannot be made here is left out, and said', () => {
  const options = asked();
  expect(planned(options, none, lacksGcc).map(({ fault }) => fault)).toEqual(['kill-host', 'aimed-degrade']);
  expect(leftOut(options.faults, lacksGcc)).toEqual(['NOT RUN: disk-slow: there is no gcc']);
  expect(leftOut(options.faults, lacksNothing)).toEqual([]);
});

test('a resumed plan leaves out as many rounds as passed, and goes on with the next seed', () => {
  const earlier = { ...none, rounds: [passed(1, 800), failed] };
  const seeds = planned(asked('--rounds', '3', '--resume'), earlier, lacksNothing)
    .filter(({ fault }) => fault === 'kill-host')
    .map(({ seed }) => seed);
  expect(seeds).toEqual([6, 7]);
});

test('the last line says how many rounds shared the machine, what failed, and what nobody played', () => {
  expect(summaryOf({ results: [passed(1, 700)], unplayed: 0 }, 1)).toBe('1 rounds, all passed');
  expect(summaryOf({ results: [passed(1, 700), broken], unplayed: 3 }, 2)).toBe(
    '2 rounds, 2 at a time, 3 NOT PLAYED, 1 FAILED',
  );
});

test('the table has the worst of each fault and mode', () => {
  const table = resultTable([passed(1, 700), failed, broken]);
  expect(table).toMatch(/kill-host +available +1\/2 +2\/2 +9,000/);
  expect(table).toMatch(/kill-host +strict +0\/1 +0\/1 +-/);
});

test('failure-modes.md names every fault, and measures by the newest commit that played it', () => {
  const newest = [
    { ...failed, commit: 'newer' },
    { ...passed(2, 700), commit: 'newer' },
    { ...passed(1, 20_000), commit: 'older' },
  ];
  const text = failureModesText(cellsOf(newest));
  expect(faults.filter(({ name }) => !text.includes(`\`${name}\``))).toEqual([]);
  const line = text.split('\n').find((each) => each.includes('`kill-host`')) ?? '';
  expect(line).toContain('9,000 (2,000)');
  expect(line).toContain('1 of 2');
  expect(line).not.toContain('20,000');
});

test('failure-modes.md says how many rounds shared the machine', () => {
  const alone = { ...passed(1, 700), commit: 'older' };
  expect(failureModesText(cellsOf([alone]))).not.toContain('at a time');
  expect(failureModesText(cellsOf([alone, { ...alone, parallel: 2 }]))).toContain(
    'Up to 2 rounds at a time shared the machine.',
  );
});

test('what was measured earlier stays, until the same fault is measured in the same mode again', () => {
  const cell = (fault: string, at: string, outageMsMax: number): Cell => ({
    ...{ fault, mode: 'available', commit: at, at, rounds: 2, passed: 2, outageMsMax, redundantMsMax: 1, parallel: 1 },
  });
  const known = [cell('kill-host', '2026-01-01', 400), cell('kill-guardian', '2026-01-02', 200)];
  const merged = mergeCells(known, [cell('kill-guardian', '2026-01-01', 999), cell('kill-host', '2026-01-02', 500)]);
  expect(merged.map(({ fault, outageMsMax }) => [fault, outageMsMax])).toEqual([
    ['kill-guardian', 200],
    ['kill-host', 500],
  ]);
  const file = join(out, 'kept', 'cells');
  expect(readCells(file)).toEqual([]);
  mkdirSync(join(out, 'kept'));
  writeFileSync(file, cellsText(merged));
  expect(readCells(file)).toEqual(merged);
});

test('rounds of three members are not counted among those of two', () => {
  const three = { ...passed(5, 700), commit: 'newer' };
  const cells = cellsOf([{ ...three, observed: { ...observation, members: 3 } }]);
  expect(cells).toEqual([]);
});

test('faults are chosen by name, family, or all of them; another word is refused with those that there are', () => {
  expect(faultsNamed(['kill-host', 'etcd-garbage']).map(({ name }) => name)).toEqual(['kill-host', 'etcd-garbage']);
  expect(new Set(faultsNamed(['power']).map(({ family }) => family))).toEqual(new Set(['power']));
  expect(faultsNamed(['all'])).toHaveLength(faults.length);
  expect(faultsNamed(['representative']).length).toBeGreaterThan(7);
  expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
  expect(() => faultsNamed(['kill-hots'])).toThrow(/no fault "kill-hots", there are: .*kill-host/);
});
