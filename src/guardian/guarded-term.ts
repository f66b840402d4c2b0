/** What batond said of this member's leadership, for as long as it matters to the guardian. */
import type { Backing } from '../core/backing.ts';
import type { GuardedLead } from '../core/guardian-state.ts';
import type { LeaseId, Revision } from '../core/units.ts';
import type { ChildView } from '../core/view.ts';

export class GuardedTerm {
  #lead: GuardedLead | null = null;

  get lead(): GuardedLead | null {
    return this.#lead;
  }

  /** What is known to back the leadership in this term. */
  backingIn(term: Revision): Backing {
    return this.#lead?.term === term ? this.#lead.backing : { kind: 'lease-only' };
  }

  /** `leaseId`: held or being adopted now. False when a newer term is known: nothing changes then. */
  tell(term: Revision, backing: Backing, leaseId: LeaseId | null): boolean {
    const known = this.#lead;
    if (known !== null && term < known.term) return false;
    this.#lead = { term, backing, leaseId: (known?.term === term ? known.leaseId : null) ?? leaseId, over: false };
    return true;
  }

  /** This member does not lead. A postgres that may be out of recovery is guarded until it is gone. */
  end(child: ChildView): void {
    if (this.#lead === null) return;
    const inRecovery = child.kind === 'running' && child.startedAs === 'standby';
    this.#lead =
      child.kind === 'none' || inRecovery ? null : { ...this.#lead, backing: { kind: 'lease-only' }, over: true };
  }

  settle(child: ChildView): void {
    if (this.#lead?.over === true && child.kind === 'none') this.#lead = null;
  }

  drop(): void {
    this.#lead = null;
  }
}
