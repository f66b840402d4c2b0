/** The sites and contracts among the keys of etcd. */
import { readShared } from '../config/shared.ts';
import type { Promises } from '../core/sla/contract.ts';
import type { Snapshot } from '../ports/coordinator.ts';

/** A configuration that cannot be read promises nobody anything; `status` says that it cannot be read. */
export function promisesOf(snapshot: Snapshot): Promises {
  const shared = readShared(snapshot.entries.get('config')?.value ?? '');
  return shared.ok ? shared.value : { sites: [], contracts: [] };
}
