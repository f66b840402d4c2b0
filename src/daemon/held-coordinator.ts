/** I11 in one place: an etcd that lost its past is read, and nothing is written into it by anybody here. */
import type { Hold } from '../core/view.ts';
import type { Coordinator } from '../ports/coordinator.ts';

/** `held`: why automation is held; empty while it is not. What is refused was not sent, so it is certainly not applied. */
export const writeUnlessHeld = (coordinator: Coordinator, held: () => readonly Hold[]): Coordinator => ({
  follow: (observe, signal) => coordinator.follow(observe, signal),
  reachedMono: () => coordinator.reachedMono(),
  refresh: () => coordinator.refresh(),
  leaseTtl: (leaseId, limitMs) => coordinator.leaseTtl(leaseId, limitMs),
  commit: async (txn, limitMs) => {
    const [hold] = held();
    return hold === undefined
      ? coordinator.commit(txn, limitMs)
      : { kind: 'failed', problem: `nothing is written while automation is held: ${hold.reason}` };
  },
});
