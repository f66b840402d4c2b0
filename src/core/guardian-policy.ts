/**
 * What the guardian does next. Pure: it is asked again after every action and every event, and at `wakeAtMono`. The
 * first rule that holds fires; safety comes before liveness, and both before the renewals.
 */
import {
  batondSilentMs,
  handOverLimitMs,
  orphanStopLimitMs,
  terminateStopLimitMs,
  type GuardianState,
} from './guardian-state.ts';
import { backed, backedUntil, cutOffAt, deadlineOf, sleptPastDeadline } from './guardian-deadlines.ts';
import { after, elapsed, type MonoMs, type Ms } from './units.ts';

export const GUARDIAN_RULES = [
  'fence-leftovers',
  'fence-remains',
  'fence-after-suspend',
  'fence-lease-gone',
  'fence-deadline',
  'fence-cut-off',
  'fence-stop-limit',
  'await-hand-over',
  'stop-terminating',
  'revoke-terminating',
  'exit-terminated',
  'stop-orphaned-leader',
  'revoke-after-exit',
  'revoke-orphaned',
  'grant-lease',
  'renew-lease',
  'await-fence',
  'await-rules',
  'hold-backed',
  'hold-orphan',
  'keep-standby',
  'hold',
] as const;
export type GuardianRule = (typeof GUARDIAN_RULES)[number];

export type GuardianAction =
  | { readonly kind: 'wait' }
  /** SIGKILL every process of the data directory, until two scans in a row find none. */
  | { readonly kind: 'fence' }
  | { readonly kind: 'stop'; readonly mode: 'fast'; readonly limitMs: Ms }
  | { readonly kind: 'grant' }
  | { readonly kind: 'renew' }
  /** Give the lease back; from then on this member does not lead. */
  | { readonly kind: 'revoke' }
  | { readonly kind: 'exit' };

export interface GuardianDecision {
  readonly rule: GuardianRule;
  readonly because: string;
  readonly action: GuardianAction;
  /** Ask again then, also if nothing happens; null when only an event can change anything. */
  readonly wakeAtMono: MonoMs | null;
}

export function decideGuardian(state: GuardianState, nowMono: MonoMs): GuardianDecision {
  return (
    decideFence(state, nowMono) ??
    decideTermination(state, nowMono) ??
    decideOrphan(state, nowMono) ??
    decideLease(state, nowMono) ??
    hold(state, nowMono)
  );
}

/** Rules by which the guardian ends a leader that nobody told it to end. */
const ownFences: readonly GuardianRule[] = [
  'fence-after-suspend',
  'fence-lease-gone',
  'fence-deadline',
  'fence-cut-off',
];

/** What batond is told of a fence; null when it asked for it itself, or when nobody led. */
export const whyFenced = ({ rule, because }: GuardianDecision): string | null =>
  ownFences.includes(rule) ? `${rule}: ${because}` : null;

const act = (rule: GuardianRule, why: string, action: GuardianAction): GuardianDecision => ({
  rule,
  because: why,
  action,
  wakeAtMono: null,
});

/** Whether processes of the data directory may be running, as far as the guardian knows. */
const mayRun = (state: GuardianState): boolean => state.child.kind !== 'none';

export const silent = (state: GuardianState, nowMono: MonoMs): boolean =>
  !state.batond.connected || elapsed(state.batond.heardMono, nowMono) >= batondSilentMs;

function decideFence(state: GuardianState, nowMono: MonoMs): GuardianDecision | null {
  if (state.fencing || !mayRun(state)) return null;
  const fence = (rule: GuardianRule, why: string) => act(rule, why, { kind: 'fence' });
  if (state.child.kind === 'unknown') {
    return fence(
      'fence-leftovers',
      'this guardian started nothing yet: what runs in the data directory has no guardian',
    );
  }
  if (state.child.kind === 'exited') {
    return fence('fence-remains', 'the postmaster is gone and its backends may still acknowledge commits');
  }
  if (state.leading !== null) {
    const deadline = deadlineOf(state);
    if (sleptPastDeadline(state))
      return fence('fence-after-suspend', "the machine was suspended past the lease's deadline");
    if (!backed(state, nowMono)) {
      if (state.lease.kind === 'gone') return fence('fence-lease-gone', 'etcd says that the lease does not exist');
      if (deadline === null || nowMono >= deadline) {
        return fence('fence-deadline', 'no renewal was confirmed in time, and nothing proves that nobody else leads');
      }
      const cutOffMono = cutOffAt(state);
      if (cutOffMono !== null && nowMono > cutOffMono)
        return fence('fence-cut-off', 'neither etcd nor a synchronous standby confirms this leader any more');
    }
  }
  if (state.stopByMono !== null && nowMono >= state.stopByMono) {
    return fence('fence-stop-limit', 'postgres did not shut down within its limit');
  }
  return null;
}

function decideTermination(state: GuardianState, nowMono: MonoMs): GuardianDecision | null {
  if (state.terminatingSinceMono === null) return null;
  const handOverBy = after(state.terminatingSinceMono, handOverLimitMs);
  const mayHandOver = state.leading !== null && !state.leading.over && !silent(state, nowMono) && nowMono < handOverBy;
  if (mayHandOver) return null;
  if (state.child.kind === 'running') {
    return act('stop-terminating', 'the guardian was told to terminate', {
      kind: 'stop',
      mode: 'fast',
      limitMs: terminateStopLimitMs,
    });
  }
  if (state.child.kind !== 'none') return null;
  if (state.lease.kind === 'held' || state.lease.kind === 'adopting') {
    return act('revoke-terminating', 'postgres is down: whoever may lead need not wait for the lease to end', {
      kind: 'revoke',
    });
  }
  if (state.revoking || state.lease.kind === 'granting') return null;
  return act('exit-terminated', 'postgres is down and the lease is given back', { kind: 'exit' });
}

/** Batond is silent and this member leads. A standby's guardian keeps its standby for as long as it takes. */
function decideOrphan(state: GuardianState, nowMono: MonoMs): GuardianDecision | null {
  if (state.rules === null || state.fencing || state.leading === null || !silent(state, nowMono)) return null;
  const orphaned = nowMono >= after(state.batond.heardMono, state.rules.orphanMs);
  if (state.child.kind === 'running') {
    if (!orphaned) return null;
    return act('stop-orphaned-leader', `batond was silent for ${state.rules.orphanMs} ms`, {
      kind: 'stop',
      mode: 'fast',
      limitMs: orphanStopLimitMs,
    });
  }
  if (state.child.kind !== 'none' || state.lease.kind !== 'held') return null;
  if (state.child.lastExit !== null && !state.child.lastExit.requested) {
    return act('revoke-after-exit', 'postgres ended while batond is silent: another member may lead at once', {
      kind: 'revoke',
    });
  }
  if (!orphaned) return null;
  return act('revoke-orphaned', `batond was silent for ${state.rules.orphanMs} ms and postgres is down`, {
    kind: 'revoke',
  });
}

function decideLease(state: GuardianState, nowMono: MonoMs): GuardianDecision | null {
  if (state.rules === null) return null;
  const { lease } = state;
  switch (lease.kind) {
    case 'granting':
      return null;
    case 'none':
      if (nowMono < lease.retryAtMono || !mayGrant(state, nowMono)) return null;
      return act('grant-lease', 'this member has no lease', { kind: 'grant' });
    case 'gone':
      if (!mayGrant(state, nowMono)) return null;
      return act(
        'grant-lease',
        'the lease is gone: a new one, under a new id, with which batond may ask for leadership again',
        { kind: 'grant' },
      );
    case 'adopting':
    case 'held':
      // A standby streams on without its batond, but must not hold a lease that a key could be put on.
      if (
        state.leading === null &&
        silent(state, nowMono) &&
        nowMono >= after(state.batond.heardMono, state.rules.orphanMs)
      )
        return null;
      if (lease.renewSentMono !== null && nowMono < after(lease.renewSentMono, state.rules.heartbeatMs)) return null;
      return act('renew-lease', 'a heartbeat is due', { kind: 'renew' });
  }
}

/** Nobody would use it while batond is silent. */
const mayGrant = (state: GuardianState, nowMono: MonoMs): boolean =>
  state.terminatingSinceMono === null && !silent(state, nowMono);

function hold(state: GuardianState, nowMono: MonoMs): GuardianDecision {
  const wait = (rule: GuardianRule, why: string): GuardianDecision => ({
    rule,
    because: why,
    action: { kind: 'wait' },
    wakeAtMono: nextInstant(state, nowMono),
  });
  if (state.fencing) return wait('await-fence', 'processes of the data directory are being killed');
  if (state.terminatingSinceMono !== null)
    return wait('await-hand-over', 'batond may hand the leadership over, or postgres is stopping');
  if (state.rules === null) return wait('await-rules', 'batond has not said the lease times yet');
  const deadline = deadlineOf(state);
  if (mayRun(state) && state.leading !== null && (deadline === null || nowMono >= deadline)) {
    return wait('hold-backed', "past the lease's deadline, but nobody else can lead without this member's commits");
  }
  if (silent(state, nowMono) && mayRun(state)) {
    return state.leading !== null
      ? wait('hold-orphan', 'batond is silent; it may come back')
      : wait('keep-standby', 'batond is silent; a standby streams on without it');
  }
  return wait('hold', 'nothing is due');
}

/** The next instant at which some rule could say something else by itself. */
function nextInstant(state: GuardianState, nowMono: MonoMs): MonoMs | null {
  const { rules, lease } = state;
  const instants: (MonoMs | null)[] = [state.stopByMono];
  if (rules !== null) {
    const until = backedUntil(state);
    if (lease.kind === 'none') instants.push(lease.retryAtMono);
    if ((lease.kind === 'held' || lease.kind === 'adopting') && lease.renewSentMono !== null) {
      instants.push(after(lease.renewSentMono, rules.heartbeatMs));
    }
    if (state.leading !== null) {
      const cutOffMono = cutOffAt(state);
      if (cutOffMono !== null) instants.push(after(cutOffMono, 1));
      instants.push(deadlineOf(state), until === 'ever' ? null : until, after(state.batond.heardMono, rules.orphanMs));
    }
  }
  if (state.batond.connected) instants.push(after(state.batond.heardMono, batondSilentMs));
  if (state.terminatingSinceMono !== null) instants.push(after(state.terminatingSinceMono, handOverLimitMs));
  const ahead = instants.filter((instant): instant is MonoMs => instant !== null && instant > nowMono);
  return ahead.length === 0 ? null : (Math.min(...ahead) as MonoMs);
}
