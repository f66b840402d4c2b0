import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'vitest';
import { latenciesMsOf, overheadOf, p99, tpsOf } from '../../scripts/bench/overhead/account.ts';
import { differences } from '../../scripts/bench/overhead/by-hand.ts';

test('what counts is the difference inside each pair, whatever the machine did between the pairs', () => {
  const pair = (without: number, lost: number) => ({
    with: { tps: without * (1 - lost), p99Ms: 11 },
    without: { tps: without, p99Ms: 10 },
  });
  const overhead = overheadOf([pair(1_000, 0.01), pair(500, 0.015), pair(2_000, 0.03)]);
  equal(overhead.tpsLost?.median.toFixed(4), '0.0150');
  equal(overhead.p99Added?.median.toFixed(4), '0.1000');
  equal(overhead.kept, true);
  equal(overheadOf([pair(1_000, 0.03)]).kept, false);
  equal(overheadOf([]).kept, false, 'without a measurement nothing is kept');
});

test('the 99th percentile is a value that was measured', () => {
  equal(p99(Array.from({ length: 200 }, (_, at) => at + 1)), 198);
  equal(p99([7]), 7);
  throws(() => p99([]), RangeError);
});

test("pgbench's words and log are read", () => {
  equal(tpsOf('latency average = 1.2 ms\ntps = 1234.5 (without initial connection time)\n'), 1234.5);
  throws(() => tpsOf('no'), /no tps/);
  deepEqual(latenciesMsOf('0 1 1500 0 1700000000 1\n1 1 250 0 1700000000 9\n'), [1.5, 0.25]);
});

test('a setting that is not the same with and without Baton is named', () => {
  const one = new Map([
    ['fsync', 'on'],
    ['work_mem', '4096'],
  ]);
  deepEqual(differences(one, new Map([['fsync', 'off']])), ['fsync: on and off', 'work_mem: 4096 and not there']);
  deepEqual(differences(one, one), []);
});
