/** The sites among the keys of etcd, and the contracts that rule by the terms on record there. */
import { readShared } from '../config/shared.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Promises } from '../core/sla/contract.ts';
import { contractsInForce, sentenceOf } from '../core/sla/contracts-in-force.ts';
import type { Snapshot } from '../ports/coordinator.ts';
import { contractsOfKeys } from '../wire/contract-record.ts';
import { type Failure, failed } from './failure.ts';

/** `now`: ms since the epoch. A configuration that cannot be read promises nobody anything; `status` says that it cannot be read. */
export function promisesOf(snapshot: Snapshot, now: number): Promises {
  const promises = promisesIn(snapshot, now);
  return promises.ok ? promises.value : { sites: [], contracts: [] };
}

export function promisesIn({ entries }: Snapshot, now: number): Result<Promises, Failure> {
  const shared = readShared(entries.get('config')?.value ?? '');
  if (!shared.ok)
    return err(failed('malformed-key', 'The config key in etcd is not readable.', 'Look at it with etcdctl.'));
  const { sites, contracts } = shared.value;
  return ok({ sites, contracts: contractsInForce(contracts, contractsOfKeys(entries), now).contracts });
}

/** Where the configuration's contracts do not rule as they are written there. */
export function contractWarnings({ entries }: Snapshot, now: number): readonly string[] {
  const shared = readShared(entries.get('config')?.value ?? '');
  if (!shared.ok) return [];
  return contractsInForce(shared.value.contracts, contractsOfKeys(entries), now).problems.map(sentenceOf);
}
