/** Until when a guardian believes in a leadership: by its lease (I5), by proved commits (I6), over a suspend (I8). Pure. */
import { suspendMinMs, type GuardedLead, type GuardianState } from './guardian-state.ts';
import { leaseDeadline } from './lease-deadline.ts';
import { after, type MonoMs, type Ms } from './units.ts';

/**
 * I5: until when the lease that this leadership is on is believed; null when it is not held. Sooner by the time the
 * machine was suspended since the renewal was sent, which the monotonic clock did not count.
 */
export function deadlineOf(state: GuardianState): MonoMs | null {
  const { lease, leading, rules } = state;
  if (lease.kind !== 'held' || rules === null) return null;
  if (leading !== null && leading.leaseId !== lease.leaseId) return null;
  return after(leaseDeadline(lease.confirmedSentMono, lease.ttlMs, rules.marginMs), -suspendedMs(state));
}

/** How long the machine was suspended since the confirmed renewal was sent; 0 when the clocks agree. */
function suspendedMs(state: GuardianState): Ms {
  if (state.lease.kind !== 'held') return 0;
  const ahead = state.bootAheadMs - state.lease.confirmedBootAheadMs;
  return ahead > suspendMinMs ? ahead : 0;
}

/** The lease's deadline passed while the machine slept: backing or not, postgres is fenced before anybody is asked. */
export function sleptPastDeadline(state: GuardianState): boolean {
  const deadline = deadlineOf(state);
  return (
    suspendedMs(state) > 0 && deadline !== null && state.suspendSeenMono !== null && state.suspendSeenMono >= deadline
  );
}

/** I6: until when a leader may go on without a lease; 'ever' when nobody else is eligible, null when it may not. */
export function backedUntil(state: GuardianState): MonoMs | 'ever' | null {
  const backing = state.leading?.backing ?? { kind: 'lease-only' };
  switch (backing.kind) {
    case 'lease-only':
      return null;
    case 'nobody-eligible':
      return 'ever';
    case 'proved-commits': {
      if (backing.sentMono === null || state.rules === null) return null;
      // What was proved before a suspend says nothing about the time of the suspend.
      if (state.suspendSeenMono !== null && backing.sentMono <= state.suspendSeenMono) return null;
      return after(backing.sentMono, state.rules.failsafeWindowMs);
    }
  }
}

/** Whether the leader may go on past its deadline at this instant. */
export function backed(state: GuardianState, nowMono: MonoMs): boolean {
  const until = backedUntil(state);
  return until === 'ever' || (until !== null && nowMono < until);
}

/**
 * I6, inside the lease too: when neither etcd nor the standby has confirmed this leader for the failsafe window. Nothing
 * can be acknowledged here any more, so stopping costs no write and ends stale reads. Batond knows of the standby, and
 * says so; of the lease only the guardian knows at once.
 */
export function cutOffAt({
  lease,
  leading,
  rules,
}: Pick<GuardianState, 'lease' | 'rules'> & {
  readonly leading: Pick<GuardedLead, 'backing'> | null;
}): MonoMs | null {
  if (lease.kind !== 'held' || rules === null) return null;
  if (leading?.backing.kind !== 'proved-commits' || !leading.backing.overdue) return null;
  return after(lease.confirmedSentMono, rules.failsafeWindowMs);
}
