/**
 * Writes a record in the leader's name: by one transaction that holds only while the same member leads and nobody has
 * written under that key. Whoever is first there has it; the disks follow.
 */
import { type Ms, type Revision, second } from '../../core/units.ts';
import type { Coordinator } from '../../ports/coordinator.ts';
import type { KeptRecord } from '../../wire/kept-record.ts';
import type { Records } from './records.ts';

const commitLimitMs: Ms = 2 * second;

export class FirstRecord {
  readonly #coordinator: Coordinator;
  readonly #records: Records;

  constructor(coordinator: Coordinator, records: Records) {
    this.#coordinator = coordinator;
    this.#records = records;
  }

  /** Whether it is ours. False also when etcd did not say: then the record shows it, if it was written. */
  async write({ key, value }: KeptRecord, term: Revision): Promise<boolean> {
    const txn = {
      compares: [{ key: 'leader', modRevision: term } as const, { key, absent: true } as const],
      writes: [{ op: 'put', key, value: JSON.stringify(value) } as const],
    };
    const outcome = await this.#coordinator.commit(txn, commitLimitMs);
    if (outcome.kind !== 'applied') return false;
    await this.#records.add({ key, value });
    return true;
  }
}
