/** The account of the steps, for a terminal. */
import { renderTable } from '../../../src/cli/table.ts';
import { thousands } from '../../../src/core/sla/text-layout.ts';
import { MiB } from '../../../src/core/units.ts';
import type { Growth, Step } from './account.ts';

const right = (head: string) => ({ head, align: 'right' }) as const;
const percent = (cores: number | null): string => (cores === null ? '-' : (cores * 100).toFixed(2));

export function scaleText(steps: readonly Step[], growth: Growth, note: string | null): string {
  const heads = [
    ...['clusters', 'outage ms: min', 'median', 'max', 'etcd % of a core', 'more for each cluster'],
    ...['etcd MiB', 'requests/s', 'writes/s', 'not confirmed', 'generator % of a core'],
  ];
  const rows = steps.map((step, at) => {
    const outage = growth.outage[at] ?? null;
    return [
      String(step.clusters),
      ...(outage === null
        ? ['-', '-', '-']
        : [outage.min, outage.median, outage.max].map((ms) => thousands(Math.round(ms)))),
      percent(step.etcdCores),
      percent(growth.coresPerClusterByStep[at] ?? null),
      (step.etcdRssBytes / MiB).toFixed(0),
      thousands(Math.round(step.requestsPerSecond)),
      step.writesPerSecond.toFixed(1),
      String(step.failures),
      percent(step.generatorCores),
    ];
  });
  const slopes =
    growth.coresPerCluster === null || growth.outageMsPerCluster === null
      ? 'One step has no slope.'
      : `Each cluster more: ${percent(growth.coresPerCluster)} % of a core of etcd's, and ${growth.outageMsPerCluster.toFixed(2)} ms of outage.`;
  return [renderTable(heads.map(right), rows), '', slopes, ...(note === null ? [] : ['', note])].join('\n');
}
