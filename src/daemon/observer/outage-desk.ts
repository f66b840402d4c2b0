/** Whether an observer may record the outage that it sees, and giving that right back when service is back. */
import type { ClusterState } from '../../core/cluster.ts';
import { keyOf } from '../../core/key-format.ts';
import { claimOutage, giveBackOutage, isUnattended } from '../../core/sla/outage-claim.ts';
import type { Txn } from '../../core/transaction.ts';
import { elapsed, type LeaseId, type MemberName, type MonoMs, type Ms, second } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Coordinator, Entry, Snapshot } from '../../ports/coordinator.ts';
import type { Journal } from '../../ports/journal.ts';

const commitLimitMs: Ms = 1 * second;
const retryAfterMs: Ms = 500;
/** As long as a recorder lets writes fail before that is an incident. */
const failingForMs: Ms = 2 * second;

export interface OutageScene {
  readonly state: ClusterState;
  /** Every member with PostgreSQL that was ever seen. */
  readonly known: Iterable<MemberName>;
  readonly leaseId: LeaseId;
  /** Since when believed commits have failed; null while they succeed. */
  readonly failingSinceMono: MonoMs | null;
  /** What is recorded here has no end yet. */
  readonly serviceIsAway: boolean;
}

export class OutageDesk {
  readonly #deps: { readonly clock: Clock; readonly coordinator: Coordinator; readonly journal: Journal };
  readonly #me: MemberName;
  #claim: Entry | null = null;
  #underWay = false;
  #notBeforeMono: MonoMs | null = null;

  constructor(
    deps: { readonly clock: Clock; readonly coordinator: Coordinator; readonly journal: Journal },
    me: MemberName,
  ) {
    this.#deps = deps;
    this.#me = me;
  }

  /** etcd shows that this observer records the outage. */
  get claimed(): boolean {
    return this.#claim !== null;
  }

  sawSnapshot({ entries }: Snapshot): void {
    const entry = entries.get(keyOf.recording);
    this.#claim = entry?.value === this.#me ? entry : null;
  }

  consider(scene: OutageScene, nowMono: MonoMs): void {
    if (this.#underWay || (this.#notBeforeMono !== null && nowMono < this.#notBeforeMono)) return;
    const { state, known, leaseId, failingSinceMono, serviceIsAway } = scene;
    const failingMs = failingSinceMono === null ? 0 : elapsed(failingSinceMono, nowMono);
    if (this.#claim !== null && !serviceIsAway && failingSinceMono === null)
      void this.#commit('outage-given-back', giveBackOutage(this.#claim.modRevision));
    else if (this.#claim === null && failingMs >= failingForMs && isUnattended(state))
      void this.#commit('outage-claimed', claimOutage(state, known, this.#me, leaseId));
  }

  async #commit(event: string, txn: Txn): Promise<void> {
    this.#underWay = true;
    const { clock, coordinator, journal } = this.#deps;
    const outcome = await coordinator.commit(txn, commitLimitMs);
    this.#underWay = false;
    if (outcome.kind === 'applied') return journal.happened(event, { revision: outcome.revision });
    this.#notBeforeMono = (clock.mono() + retryAfterMs) as MonoMs;
    coordinator.refresh();
  }
}
