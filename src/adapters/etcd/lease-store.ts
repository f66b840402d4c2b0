import type { Clock } from '../../ports/clock.ts';
import type { LeaseStore } from '../../ports/coordinator.ts';
import type { EtcdAccess } from './access.ts';
import { openEndpoint } from './grpc-endpoint.ts';
import { leaseStoreOver } from './renewing.ts';

/** Leases only: no key is read or written through these endpoints. */
const noPrefix = '/';

/** A LeaseStore on real etcd. `close` ends the connections; renewals under way are lost, and a process may exit then. */
export function createLeaseStore(options: EtcdAccess & { readonly clock: Clock }): LeaseStore & { close(): void } {
  const endpoints = options.endpoints.map((name) => openEndpoint(options, name, noPrefix, options.clock));
  return {
    ...leaseStoreOver(endpoints, options.clock),
    close: () => {
      for (const endpoint of endpoints) endpoint.close();
    },
  };
}
