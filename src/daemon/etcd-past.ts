/**
 * I11: etcd never goes back. A lower revision, or another etcd cluster, means a restore: automation is held until an
 * operator who has seen every member's evidence removes the mark.
 */
import type { ClusterState } from '../core/cluster.ts';
import { leading } from '../core/cluster-queries.ts';
import { leaseId, type MemberName, type Revision } from '../core/units.ts';
import type { Hold } from '../core/view.ts';
import type { FactKeeper } from './fact-keeper.ts';

/** The revision on disk may lag by this much: a restore that goes back further is noticed after a restart too. */
const savedRevisionStep = 50;

export class EtcdPast {
  readonly #facts: FactKeeper;
  #highestRevision: number;
  #highestTerm: number;
  /** What of `highestRevision` is on disk. */
  #savedRevision = 0;
  #clusterId: string | null;
  #held: readonly Hold[];
  /** Where it was when it was first not believed: what is written above that was written since. */
  #disbelievedFrom: Revision | null = null;
  #overtakenBy: MemberName | null = null;

  constructor(facts: FactKeeper) {
    this.#facts = facts;
    const { hold, highestRevision, highestTerm, etcdClusterId } = facts.read();
    this.#held = hold === null ? [] : [hold];
    this.#highestRevision = highestRevision;
    this.#highestTerm = highestTerm;
    this.#clusterId = etcdClusterId;
  }

  get held(): readonly Hold[] {
    return this.#held;
  }

  get overtakenBy(): MemberName | null {
    return this.#overtakenBy;
  }

  /** Whether what etcd shows may be believed; if not, automation is held from now on. */
  believes(shown: ClusterState, believedLast: ClusterState | null): boolean {
    this.#compare(shown.etcdClusterId, shown.revision, leading(shown)?.term ?? null);
    if (this.#held.length === 0) return true;
    this.#disbelievedFrom ??= shown.revision;
    const lead = leading(shown);
    // A key that somebody puts back by hand is on no lease: nobody leads by it.
    const leads = lead !== null && lead.key.leaseId !== noLease && lead.term > this.#disbelievedFrom;
    if (leads && believedLast !== null && same(shown, believedLast)) this.#overtakenBy = lead.key.member;
    return false;
  }

  #compare(clusterId: string, at: Revision, term: Revision | null): void {
    if (this.#clusterId !== null && this.#clusterId !== clusterId) {
      this.#hold(
        'etcd-replaced',
        `etcd's cluster id is ${clusterId}, it was ${this.#clusterId}: another etcd, or one that was restored. Nothing is written until you have compared every member and followed docs/operations.md (etcd was restored)`,
      );
      return;
    }
    if (at < this.#highestRevision || (term !== null && term < this.#highestTerm)) {
      this.#hold(
        'etcd-went-back',
        `etcd is at revision ${at}, this host has seen ${this.#highestRevision}: it was restored from an older copy. Nothing is written until you have compared every member and followed docs/operations.md (etcd was restored)`,
      );
      return;
    }
    const newTerm = term !== null && term > this.#highestTerm;
    const first = this.#clusterId === null;
    this.#highestRevision = at;
    this.#highestTerm = Math.max(this.#highestTerm, term ?? 0);
    this.#clusterId = clusterId;
    if (newTerm || first || at - this.#savedRevision >= savedRevisionStep) {
      this.#savedRevision = at;
      this.#facts.keep({ etcdClusterId: clusterId, highestRevision: at, highestTerm: this.#highestTerm });
    }
  }

  #hold(code: 'etcd-went-back' | 'etcd-replaced', reason: string): void {
    if (this.#held.some((hold) => hold.code === code)) return;
    this.#held = [...this.#held, { code, reason }];
    this.#facts.keep({ hold: { code, reason } });
  }
}

const noLease = leaseId('0');

const same = ({ initialize: one }: ClusterState, { initialize: other }: ClusterState): boolean =>
  one.kind === 'present' && other.kind === 'present' && one.value === other.value;
