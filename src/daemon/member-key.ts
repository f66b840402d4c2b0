/** Writes a member's key into etcd: at once when something about it changed, and every 10 s for mere positions. */
import type { Key, MemberRecord } from '../core/cluster.ts';
import { formatMember, keyOf } from '../core/key-format.ts';
import { unchanged, type Write } from '../core/transaction.ts';
import { elapsed, type MonoMs, type Ms } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';
import type { Coordinator } from '../ports/coordinator.ts';

const positionsEveryMs: Ms = 10_000;
const commitLimitMs: Ms = 1_000;
const retryAfterMs: Ms = 500;

export class MemberKey {
  readonly #clock: Clock;
  readonly #coordinator: Coordinator;
  readonly #same: (one: MemberRecord, other: MemberRecord) => boolean;
  #published: { readonly record: MemberRecord; readonly atMono: MonoMs } | null = null;
  #notBeforeMono: MonoMs | null = null;
  #underWay = false;

  /** `same`: whether the one need not be written at once over the other. */
  constructor(
    { clock, coordinator }: { readonly clock: Clock; readonly coordinator: Coordinator },
    same: (one: MemberRecord, other: MemberRecord) => boolean,
  ) {
    this.#clock = clock;
    this.#coordinator = coordinator;
    this.#same = same;
  }

  /** Writes the key if it is due. One write at a time; a failed one is repeated with what is true then. */
  consider(record: MemberRecord, theirs: Key<MemberRecord>, nowMono: MonoMs, also: () => readonly Write[]): void {
    if (this.#underWay || (this.#notBeforeMono !== null && nowMono < this.#notBeforeMono)) return;
    // Two daemons of one name: the one that is there keeps the key, the other says so (obstacles).
    if (theirs.kind === 'present' && theirs.value.leaseId !== record.leaseId) return;
    const overwritten = theirs.kind === 'malformed';
    const stale =
      overwritten || this.#published === null || elapsed(this.#published.atMono, nowMono) >= positionsEveryMs;
    if (!stale && this.#published !== null && this.#same(this.#published.record, record)) return;
    this.#underWay = true;
    void this.#write(record, nowMono, theirs, also());
  }

  async #write(record: MemberRecord, atMono: MonoMs, over: Key<MemberRecord>, also: readonly Write[]): Promise<void> {
    const key = keyOf.member(record.name);
    const outcome = await this.#coordinator.commit(
      {
        compares: [unchanged(key, over)],
        writes: [{ op: 'put', key, value: formatMember(record), leaseId: record.leaseId }, ...also],
      },
      commitLimitMs,
    );
    this.#underWay = false;
    if (outcome.kind !== 'applied') this.#coordinator.refresh();
    if (outcome.kind === 'applied') this.#published = { record, atMono };
    else this.#notBeforeMono = (this.#clock.mono() + retryAfterMs) as MonoMs;
  }
}
