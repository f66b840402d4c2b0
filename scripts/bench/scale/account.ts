/** What clusters cost the etcd that they share, and the one that fails over. */
import { type Spread, spreadOf } from '../statistics.ts';

/** With so many clusters on one etcd, the real one included. */
export interface Step {
  readonly clusters: number;
  /** Clients of the real cluster, when its leader's host was killed. */
  readonly outagesMs: readonly number[];
  /** Of one core, all members of etcd together, while nothing happened. */
  readonly etcdCores: number;
  readonly etcdRssBytes: number;
  readonly requestsPerSecond: number;
  readonly writesPerSecond: number;
  readonly generatorCores: number;
  /** Renewals and transactions that etcd did not confirm in time. */
  readonly failures: number;
}

export interface Growth {
  readonly outage: readonly (Spread | null)[];
  /** Of a core for each cluster more, by the line that fits all steps best; null with fewer than two steps. */
  readonly coresPerCluster: number | null;
  /** The same between each step and the one before it: rising where the cost grows worse than linearly. */
  readonly coresPerClusterByStep: readonly (number | null)[];
  readonly outageMsPerCluster: number | null;
}

/** A step is worth nothing when whoever makes the load leaves less than half of the machine to what is measured. */
export const generatorShareMax = 0.5;

export function growthOf(steps: readonly Step[]): Growth {
  const outage = steps.map(({ outagesMs }) => spreadOf(outagesMs));
  return {
    outage,
    coresPerCluster: slope(steps.map(({ clusters, etcdCores }) => [clusters, etcdCores])),
    coresPerClusterByStep: steps.map((step, at) => {
      const before = steps[at - 1];
      return before === undefined ? null : (step.etcdCores - before.etcdCores) / (step.clusters - before.clusters);
    }),
    outageMsPerCluster: slope(
      steps.flatMap(({ clusters }, at) => {
        const median = outage[at]?.median;
        return median === undefined ? [] : [[clusters, median] as const];
      }),
    ),
  };
}

/** Of the straight line with the least squares; null when the points have no two places on the first axis. */
export function slope(points: readonly (readonly [number, number])[]): number | null {
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [meanX, meanY] = [mean(([x]) => x), mean(([, y]) => y)];
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  if (points.length < 2 || variance === 0) return null;
  return points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / variance;
}
