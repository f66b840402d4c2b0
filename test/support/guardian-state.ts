/** A guardian's state at 10 s, for decision tables: it leads in term 7 with a young lease, and batond was just heard. */
import type { GuardedLease, GuardedLead, GuardianState } from '../../src/core/guardian-state.ts';
import { leaseId, monoMs, revision } from '../../src/core/units.ts';
import type { ChildView } from '../../src/core/view.ts';

export const nowMono = monoMs(10_000);
export const oneLease = leaseId('4711');
export const term = revision(7);
export const rules = { ttlMs: 5_000, heartbeatMs: 250, marginMs: 500, orphanMs: 10_000, failsafeWindowMs: 1_500 };

/** Its newest confirmed renewal was sent so many milliseconds ago. */
export const heldFor = (ageMs: number): GuardedLease => ({
  kind: 'held',
  leaseId: oneLease,
  ttlMs: 5_000,
  confirmedSentMono: monoMs(nowMono - ageMs),
  confirmedBootAheadMs: 0,
  renewSentMono: nowMono,
});
export const leads = (backing: GuardedLead['backing'] = { kind: 'lease-only' }): GuardedLead => ({
  term,
  backing,
  leaseId: oneLease,
  over: false,
});
export const provedFor = (ageMs: number): GuardedLead =>
  leads({ kind: 'proved-commits', sentMono: monoMs(nowMono - ageMs), overdue: ageMs > rules.failsafeWindowMs });

export const running = (startedAs: 'primary' | 'standby' = 'primary'): ChildView => ({
  kind: 'running',
  pid: 99,
  startedMono: monoMs(1_000),
  startedAs,
});
export const stopping: ChildView = { kind: 'stopping', pid: 99, sinceMono: monoMs(9_000) };
export const down: ChildView = { kind: 'none', lastExit: null };
export const ended = (requested: boolean): ChildView => ({
  kind: 'none',
  lastExit: { atMono: monoMs(9_900), code: null, signal: 'SIGKILL', requested },
});
export const exited: ChildView = {
  kind: 'exited',
  exit: { atMono: monoMs(9_999), code: 1, signal: null, requested: false },
};

/** Connected, and heard so many milliseconds ago. */
export const heard = (ageMs: number): GuardianState['batond'] => ({
  connected: true,
  heardMono: monoMs(nowMono - ageMs),
});
export const cutOff = (ageMs: number): GuardianState['batond'] => ({
  connected: false,
  heardMono: monoMs(nowMono - ageMs),
});

export function aGuardian(but: Partial<GuardianState> = {}): GuardianState {
  return {
    rules,
    lease: heldFor(100),
    revoking: false,
    child: running(),
    stopByMono: null,
    fencing: false,
    leading: leads(),
    batond: heard(100),
    bootAheadMs: 0,
    suspendSeenMono: null,
    terminatingSinceMono: null,
    ...but,
  };
}
export const aStandby = (but: Partial<GuardianState> = {}): GuardianState =>
  aGuardian({ leading: null, child: running('standby'), ...but });
