/** What an etcd shows of a cluster, as far as its past is told by it. */
import type { ClusterState } from '../../src/core/cluster.ts';
import { leaseId, memberName, type Revision } from '../../src/core/units.ts';
import { absent, aState } from '../core/a-view.ts';

export const shown = (
  etcdClusterId: string,
  at: Revision,
  term: Revision | null,
  changes: Partial<ClusterState> = {},
): ClusterState =>
  aState({
    revision: at,
    etcdClusterId,
    leader:
      term === null
        ? absent
        : { kind: 'present', value: { member: memberName('b'), leaseId: leaseId('22') }, modRevision: term },
    ...changes,
  });
