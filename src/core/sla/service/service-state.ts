/** What one probe commit says of the service, by what etcd shows at that moment. */
import type { ClusterState } from '../../cluster.ts';
import { hasStandby, leading, memberRecord, syncOf } from '../../cluster-queries.ts';
import type { ServiceState } from '../accounting/outage-row.ts';

/** `acknowledged`: the probe commit was. Served with nobody who could take over is degraded; away by request is planned. */
export function stateSeen(cluster: ClusterState, acknowledged: boolean): ServiceState {
  if (acknowledged) return hasStandby(cluster) ? 'up' : 'degraded';
  const leader = leading(cluster)?.key.member ?? syncOf(cluster)?.leader ?? null;
  const restarts = leader !== null && (memberRecord(cluster, leader)?.restartingUntil ?? null) !== null;
  const handsOver = cluster.request.kind === 'present' && cluster.request.value.kind === 'switchover';
  return restarts || handsOver ? 'planned' : 'down';
}
