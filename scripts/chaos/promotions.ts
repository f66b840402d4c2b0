/** How many promotions a primary's timeline comes from. Its number says less: a takeover that came to nothing used one, too. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFileName, parseHistory } from '../../src/core/timeline-history.ts';
import { timeline } from '../../src/core/units.ts';
import type { Status } from '../../src/wire/status.ts';
import type { ChaosCluster } from './cluster.ts';

/** Throws when nobody leads, or the leader's directory does not have the history of the timeline that it is on. */
export function promotionsOf(cluster: ChaosCluster, status: Status): number {
  if (status.leader === null || status.timeline === null) throw new Error('nobody leads');
  if (status.timeline === 1) return 0;
  const { dataDir } = cluster.rig.member(status.leader).files;
  const file = join(dataDir, 'pg_wal', historyFileName(timeline(status.timeline)));
  return parseHistory(readFileSync(file, 'utf8')).length;
}
