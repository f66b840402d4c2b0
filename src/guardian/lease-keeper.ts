/** The member's lease: granted, adopted, renewed and given back, as the policy says and etcd answers. */
import type { GuardedLease } from '../core/guardian-state.ts';
import { after, type LeaseId, type MonoMs, type Ms } from '../core/units.ts';
import type { LeaseView } from '../core/view.ts';
import type { KeptLease } from '../ports/batond-link.ts';
import type { Clock } from '../ports/clock.ts';
import type { LeaseStore } from '../ports/coordinator.ts';

export interface LeaseKeeperDeps {
  readonly clock: Clock;
  readonly store: LeaseStore;
  readonly kept: KeptLease;
  readonly newLeaseId: () => LeaseId;
  /** How far the boot clock is ahead of the monotonic one, now. */
  readonly bootAheadMs: () => Ms;
  readonly changed: () => void;
  readonly renewed: (sentMono: MonoMs, ttlMs: Ms) => void;
  readonly problem: (what: string, problem: string) => void;
  readonly signal: AbortSignal;
}

/** One attempt of any call; a renewal that etcd answers later than this is overtaken by the next. */
const callLimitMs: Ms = 1_000;
const retryMs: Ms = 300;
/** A revocation that does not get through in this time is left to the lease's own end. */
const revokeLimitMs: Ms = 3_000;

export class LeaseKeeper {
  readonly #deps: LeaseKeeperDeps;
  #lease: GuardedLease;
  /** Asked for and perhaps granted, though no answer came: asked for again before another is. */
  #wanted: LeaseId | null = null;
  #revocations = 0;

  /** `keptId`: from the run before. It is believed when etcd confirms a renewal of it. */
  constructor(deps: LeaseKeeperDeps, keptId: LeaseId | null) {
    this.#deps = deps;
    this.#lease =
      keptId === null
        ? { kind: 'none', retryAtMono: deps.clock.mono() }
        : { kind: 'adopting', leaseId: keptId, renewSentMono: null };
  }

  get lease(): GuardedLease {
    return this.#lease;
  }
  get revoking(): boolean {
    return this.#revocations > 0;
  }
  /** The id that the leader key may be on; null when this member has no lease. */
  get leaseId(): LeaseId | null {
    return this.#lease.kind === 'held' || this.#lease.kind === 'adopting' ? this.#lease.leaseId : null;
  }
  get view(): LeaseView {
    const lease = this.#lease;
    if (lease.kind === 'gone') return lease;
    if (lease.kind !== 'held') return { kind: 'none' };
    return { kind: 'held', leaseId: lease.leaseId, ttlMs: lease.ttlMs, confirmedSentMono: lease.confirmedSentMono };
  }

  /** Grants, then lets a renewal confirm it: a grant that is asked for twice is no proof of when its ttl began. */
  grant(ttlMs: Ms): void {
    const leaseId = this.#wanted ?? this.#deps.newLeaseId();
    this.#wanted = leaseId;
    this.#lease = { kind: 'granting' };
    void this.#askFor(leaseId, ttlMs).then((problem) => {
      if (this.#deps.signal.aborted) return;
      if (problem === null) {
        this.#wanted = null;
        this.#lease = { kind: 'adopting', leaseId, renewSentMono: null };
      } else {
        this.#deps.problem('grant', problem);
        this.#lease = { kind: 'none', retryAtMono: after(this.#deps.clock.mono(), retryMs) };
      }
      this.#deps.changed();
    });
  }

  async #askFor(leaseId: LeaseId, ttlMs: Ms): Promise<string | null> {
    const { kept, store } = this.#deps;
    try {
      await kept.write(leaseId);
      const granted = await store.grant(leaseId, ttlMs, callLimitMs);
      return granted.ok ? null : granted.error;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  renew(): void {
    const lease = this.#lease;
    if (lease.kind !== 'held' && lease.kind !== 'adopting') return;
    const { leaseId } = lease;
    const sentMono = this.#deps.clock.mono();
    const bootAheadMs = this.#deps.bootAheadMs();
    this.#lease = { ...lease, renewSentMono: sentMono };
    this.#deps.store.renew(leaseId, callLimitMs, {
      renewed: (confirmedMono, ttlMs) => this.#confirmed(leaseId, confirmedMono, ttlMs, bootAheadMs),
      gone: () => this.#gone(leaseId, sentMono),
    });
  }

  #confirmed(leaseId: LeaseId, confirmedSentMono: MonoMs, ttlMs: Ms, confirmedBootAheadMs: Ms): void {
    const lease = this.#lease;
    if ((lease.kind !== 'held' && lease.kind !== 'adopting') || lease.leaseId !== leaseId || this.#deps.signal.aborted)
      return;
    if (lease.kind === 'held' && confirmedSentMono <= lease.confirmedSentMono) return;
    const renewSentMono = lease.renewSentMono ?? confirmedSentMono;
    this.#lease = { kind: 'held', leaseId, ttlMs, confirmedSentMono, confirmedBootAheadMs, renewSentMono };
    this.#deps.renewed(confirmedSentMono, ttlMs);
    this.#deps.changed();
  }

  #gone(leaseId: LeaseId, sentMono: MonoMs): void {
    const lease = this.#lease;
    if ((lease.kind !== 'held' && lease.kind !== 'adopting') || lease.leaseId !== leaseId || this.#deps.signal.aborted)
      return;
    // A later renewal was confirmed: the lease lived after this answer's question was sent.
    if (lease.kind === 'held' && lease.confirmedSentMono > sentMono) return;
    this.#lease =
      lease.kind === 'held' ? { kind: 'gone', leaseId } : { kind: 'none', retryAtMono: this.#deps.clock.mono() };
    this.#deps.changed();
  }

  /** Not renewed from now on, whatever comes of it. */
  revoke(): void {
    const { leaseId } = this;
    this.#lease = { kind: 'none', retryAtMono: after(this.#deps.clock.mono(), retryMs) };
    if (leaseId === null) return;
    this.#revocations += 1;
    void this.#revokeUntil(leaseId, after(this.#deps.clock.mono(), revokeLimitMs)).finally(() => {
      this.#revocations -= 1;
      this.#deps.changed();
    });
  }

  async #revokeUntil(leaseId: LeaseId, byMono: MonoMs): Promise<void> {
    const { clock, store, signal, problem } = this.#deps;
    while (!signal.aborted) {
      const revoked = await store.revoke(leaseId, callLimitMs);
      if (revoked.ok) return;
      problem('revoke', revoked.error);
      if (clock.mono() >= byMono) return;
      await clock.sleep(retryMs, signal).catch(() => undefined);
    }
  }
}
