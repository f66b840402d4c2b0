import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'vitest';
import { growthOf, slope, type Step } from '../../scripts/bench/scale/account.ts';

const aStep = (clusters: number, etcdCores: number, outagesMs: readonly number[]): Step => ({
  ...{ clusters, etcdCores, outagesMs },
  ...{ etcdRssBytes: 0, requestsPerSecond: 0, writesPerSecond: 0, generatorCores: 0, failures: 0 },
});

test('the slope is that of the line with the least squares', () => {
  equal(
    slope([
      [1, 10],
      [2, 12],
      [3, 14],
    ]),
    2,
  );
  equal(slope([[1, 10]]), null);
  equal(
    slope([
      [1, 10],
      [1, 12],
    ]),
    null,
  );
});

test('what grows worse than linearly shows in what each cluster more costs from step to step', () => {
  const growth = growthOf([aStep(1, 0.01, [100, 300, 200]), aStep(11, 0.11, [200]), aStep(21, 0.41, [])]);
  deepEqual(
    growth.coresPerClusterByStep.map((cores) => cores?.toFixed(3) ?? null),
    [null, '0.010', '0.030'],
  );
  equal(growth.outage[0]?.median, 200);
  equal(growth.outageMsPerCluster, 0, 'a step without a round has no outage');
});
