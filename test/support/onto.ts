import type { HistoryRow } from '../../src/core/cluster.ts';
import { timeline } from '../../src/core/units.ts';
import type { NextTimeline } from '../../src/ports/postgres.ts';

/** What a promotion is told: the number to make, and what the cluster knows of the lower ones. */
export const onto = (number: number, rows: readonly HistoryRow[] = []): NextTimeline => ({
  timeline: timeline(number),
  rows,
});
