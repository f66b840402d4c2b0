import type { Clock } from '../../ports/clock.ts';
import type { Coordinator } from '../../ports/coordinator.ts';
import type { EtcdAccess } from './access.ts';
import { coordinateOver } from './coordinator.ts';
import { openEndpoint } from './grpc-endpoint.ts';

export interface CoordinatorOptions extends EtcdAccess {
  /** `/service` */
  readonly namespace: string;
  readonly cluster: string;
  readonly clock: Clock;
}

/**
 * A Coordinator on real etcd. Following ends with its signal, `commit` and `leaseTtl` go on. `close` ends following and
 * the gRPC connections: calls under way fail, whatever is asked afterwards fails at once. A process does not exit by
 * itself before that.
 */
export function createCoordinator(options: CoordinatorOptions): Coordinator & { close(): void } {
  const prefix = `${options.namespace.replace(/\/+$/, '')}/${options.cluster}/`;
  const endpoints = options.endpoints.map((name) => openEndpoint(options, name, prefix, options.clock));
  const coordinator = coordinateOver(endpoints, options.clock);
  const closed = new AbortController();
  return {
    ...coordinator,
    follow: (observe, signal) => coordinator.follow(observe, AbortSignal.any([signal, closed.signal])),
    close: () => {
      closed.abort();
      for (const endpoint of endpoints) endpoint.close();
    },
  };
}
