import { describe, expect, test } from 'vitest';
import {
  decideGuardian,
  GUARDIAN_RULES,
  type GuardianAction,
  type GuardianRule,
} from '../../src/core/guardian-policy.ts';
import type { GuardianState } from '../../src/core/guardian-state.ts';
import { leaseId, monoMs } from '../../src/core/units.ts';
import {
  aGuardian,
  aStandby,
  cutOff,
  down,
  ended,
  exited,
  heard,
  heldFor,
  leads,
  nowMono,
  oneLease,
  provedFor,
  rules,
  running,
  stopping,
} from '../support/guardian-state.ts';

type Row = readonly [says: string, state: GuardianState, rule: GuardianRule, action: GuardianAction['kind']];
const never = leads({ kind: 'proved-commits', sentMono: null, overdue: true });
const nobody = leads({ kind: 'nobody-eligible' });
const gone = { kind: 'gone', leaseId: oneLease } as const;
const dueRenewal = { ...heldFor(300), renewSentMono: monoMs(9_750) } as GuardianState['lease'];
const anotherLease = { ...heldFor(100), leaseId: leaseId('5') } as GuardianState['lease'];
/** Asleep for so long, noticed just now. */
const slept = (ms: number) => ({ bootAheadMs: ms, suspendSeenMono: nowMono });
const told = (agoMs: number) => ({ terminatingSinceMono: monoMs(nowMono - agoMs) });

const rows: readonly Row[] = [
  // what runs without a guardian, and what a postmaster leaves behind
  [
    'a new guardian kills what runs in its data directory',
    aStandby({ child: { kind: 'unknown' } }),
    'fence-leftovers',
    'fence',
  ],
  ['what a dead postmaster leaves behind is killed', aGuardian({ child: exited }), 'fence-remains', 'fence'],
  ["a standby's remains too", aStandby({ child: exited }), 'fence-remains', 'fence'],
  ['also while batond is silent', aGuardian({ child: exited, batond: cutOff(0) }), 'fence-remains', 'fence'],
  ['one fence at a time', aGuardian({ child: exited, fencing: true }), 'await-fence', 'wait'],

  // I5
  ['a leader inside its deadline goes on', aGuardian({ lease: heldFor(4_499) }), 'hold', 'wait'],
  ['a leader is fenced at its deadline', aGuardian({ lease: heldFor(4_500) }), 'fence-deadline', 'fence'],
  [
    'a stopping leader too',
    aGuardian({ lease: heldFor(4_500), child: stopping, stopByMono: monoMs(99_000) }),
    'fence-deadline',
    'fence',
  ],
  [
    'a leader without a lease is fenced',
    aGuardian({ lease: { kind: 'none', retryAtMono: monoMs(0) } }),
    'fence-deadline',
    'fence',
  ],
  [
    'an adopted lease counts only once it is confirmed',
    aGuardian({ lease: { kind: 'adopting', leaseId: oneLease, renewSentMono: nowMono } }),
    'fence-deadline',
    'fence',
  ],
  [
    'a lease granted later is not the one its leader key is on',
    aGuardian({ lease: anotherLease }),
    'fence-deadline',
    'fence',
  ],
  ['a standby is not fenced for its lease', aStandby({ lease: heldFor(60_000) }), 'hold', 'wait'],
  ['nothing runs, nothing is fenced', aGuardian({ lease: heldFor(4_500), child: down }), 'hold', 'wait'],
  [
    'a leader that is no longer one is guarded until its postgres is gone',
    aGuardian({ lease: heldFor(4_500), leading: { ...leads(), over: true } }),
    'fence-deadline',
    'fence',
  ],

  // I6
  [
    'past the deadline it goes on while commits are proved',
    aGuardian({ lease: heldFor(60_000), leading: provedFor(1_499) }),
    'hold-backed',
    'wait',
  ],
  [
    'they stopped for the failsafe window',
    aGuardian({ lease: heldFor(60_000), leading: provedFor(1_500) }),
    'fence-deadline',
    'fence',
  ],
  ['no commit was ever proved', aGuardian({ lease: heldFor(60_000), leading: never }), 'fence-deadline', 'fence'],
  [
    'inside its lease, neither etcd nor the standby has confirmed it for the failsafe window',
    aGuardian({ lease: heldFor(1_501), leading: provedFor(1_501) }),
    'fence-cut-off',
    'fence',
  ],
  ['etcd confirmed it within that', aGuardian({ lease: heldFor(1_500), leading: provedFor(60_000) }), 'hold', 'wait'],
  [
    'batond has not found a proof overdue',
    aGuardian({ lease: heldFor(1_501), leading: provedFor(1_500) }),
    'hold',
    'wait',
  ],
  [
    'nor without any proof so far, though overdue',
    aGuardian({ lease: heldFor(1_501), leading: never }),
    'fence-cut-off',
    'fence',
  ],
  ['nobody else is eligible', aGuardian({ lease: heldFor(60_000), leading: nobody }), 'hold-backed', 'wait'],
  [
    'a lease that is gone fences its leader before the deadline',
    aGuardian({ lease: gone }),
    'fence-lease-gone',
    'fence',
  ],
  [
    'a backed one asks for another lease and stays',
    aGuardian({ lease: gone, leading: provedFor(100) }),
    'grant-lease',
    'grant',
  ],
  [
    'and goes on under it until batond leads again',
    aGuardian({ lease: anotherLease, leading: provedFor(100) }),
    'hold-backed',
    'wait',
  ],

  // I8, suspend
  ['asleep past the deadline', aGuardian(slept(4_400)), 'fence-after-suspend', 'fence'],
  ['backing is no excuse for that', aGuardian({ ...slept(4_400), leading: nobody }), 'fence-after-suspend', 'fence'],
  ['awake before the deadline', aGuardian(slept(4_399)), 'hold', 'wait'],
  [
    'the sleep shortens what is left',
    aGuardian({ lease: heldFor(1_000), bootAheadMs: 3_500, suspendSeenMono: monoMs(9_500) }),
    'fence-deadline',
    'fence',
  ],
  [
    'the resolution of the boot clock is no sleep',
    aGuardian({ bootAheadMs: 250, lease: heldFor(4_300) }),
    'hold',
    'wait',
  ],
  [
    'what was proved before it proves nothing',
    aGuardian({
      lease: { ...heldFor(60_000), confirmedBootAheadMs: 300 } as GuardianState['lease'],
      bootAheadMs: 300,
      suspendSeenMono: monoMs(9_950),
      leading: provedFor(50),
    }),
    'fence-deadline',
    'fence',
  ],
  [
    'a renewal since then settles it',
    aGuardian({ ...slept(4_400), lease: { ...heldFor(10), confirmedBootAheadMs: 4_400 } as GuardianState['lease'] }),
    'hold',
    'wait',
  ],
  ['a standby may sleep', aStandby(slept(60_000)), 'hold', 'wait'],

  // stopping
  [
    'a stop that takes too long becomes a fence',
    aStandby({ child: stopping, stopByMono: nowMono }),
    'fence-stop-limit',
    'fence',
  ],
  ['a stop has its time', aStandby({ child: stopping, stopByMono: monoMs(10_001) }), 'hold', 'wait'],

  // batond is silent
  ['a leader outlives its batond for a while', aGuardian({ batond: cutOff(9_999) }), 'hold-orphan', 'wait'],
  ['then it is stopped', aGuardian({ batond: cutOff(10_000) }), 'stop-orphaned-leader', 'stop'],
  [
    'a frozen batond is no better than a dead one',
    aGuardian({ batond: heard(10_000) }),
    'stop-orphaned-leader',
    'stop',
  ],
  ['a batond that was just late is heard again', aGuardian({ batond: heard(1_999) }), 'hold', 'wait'],
  [
    'the lease is given back once postgres is down',
    aGuardian({ batond: cutOff(10_000), child: ended(true) }),
    'revoke-orphaned',
    'revoke',
  ],
  [
    'not before',
    aGuardian({ batond: cutOff(10_000), child: stopping, stopByMono: monoMs(11_000) }),
    'hold-orphan',
    'wait',
  ],
  [
    'a stopped leader waits for its batond as long as a running one',
    aGuardian({ batond: cutOff(9_999), child: ended(true) }),
    'hold',
    'wait',
  ],
  [
    'postgres ended by itself and batond is gone',
    aGuardian({ batond: cutOff(0), child: ended(false) }),
    'revoke-after-exit',
    'revoke',
  ],
  ['or is frozen', aGuardian({ batond: heard(2_000), child: ended(false) }), 'revoke-after-exit', 'revoke'],
  ['a batond that answers decides itself', aGuardian({ batond: heard(1_999), child: ended(false) }), 'hold', 'wait'],
  [
    'nothing is given back before the remains are gone',
    aGuardian({ batond: cutOff(0), child: exited, fencing: true }),
    'await-fence',
    'wait',
  ],
  ['a standby streams on without batond', aStandby({ batond: cutOff(86_400_000) }), 'keep-standby', 'wait'],
  [
    'a standby that ended keeps its lease',
    aStandby({ batond: cutOff(86_400_000), child: ended(false) }),
    'hold',
    'wait',
  ],

  // SIGTERM
  ['batond may hand over first', aGuardian(told(4_999)), 'await-hand-over', 'wait'],
  [
    'with postgres down too, the key being about to be handed over',
    aGuardian({ ...told(4_999), child: ended(true) }),
    'await-hand-over',
    'wait',
  ],
  ['not for ever', aGuardian(told(5_000)), 'stop-terminating', 'stop'],
  ['not a silent one', aGuardian({ ...told(0), batond: cutOff(0) }), 'stop-terminating', 'stop'],
  ['a standby has nothing to hand over', aStandby(told(0)), 'stop-terminating', 'stop'],
  [
    'it takes its time to stop',
    aStandby({ ...told(9_000), child: stopping, stopByMono: monoMs(20_000) }),
    'await-hand-over',
    'wait',
  ],
  [
    'the lease is given back when postgres is down',
    aStandby({ ...told(9_000), child: ended(true) }),
    'revoke-terminating',
    'revoke',
  ],
  [
    'it waits for the revocation',
    aStandby({ ...told(9_000), child: down, lease: { kind: 'none', retryAtMono: monoMs(0) }, revoking: true }),
    'await-hand-over',
    'wait',
  ],
  [
    'then it ends',
    aStandby({ ...told(9_000), child: down, lease: { kind: 'none', retryAtMono: monoMs(0) } }),
    'exit-terminated',
    'exit',
  ],

  // the lease
  [
    'nothing is granted before the times are known',
    aStandby({ rules: null, lease: { kind: 'none', retryAtMono: monoMs(0) } }),
    'await-rules',
    'wait',
  ],
  [
    'a member without a lease asks for one',
    aStandby({ lease: { kind: 'none', retryAtMono: nowMono } }),
    'grant-lease',
    'grant',
  ],
  ['not too often', aStandby({ lease: { kind: 'none', retryAtMono: monoMs(10_001) } }), 'hold', 'wait'],
  ['one at a time', aStandby({ lease: { kind: 'granting' } }), 'hold', 'wait'],
  [
    'not while nobody would use it',
    aStandby({ lease: { kind: 'none', retryAtMono: monoMs(0) }, batond: cutOff(0) }),
    'keep-standby',
    'wait',
  ],
  ['a standby whose lease is gone asks for another', aStandby({ lease: gone }), 'grant-lease', 'grant'],
  ['so does a leader once it is fenced', aGuardian({ lease: gone, child: ended(true) }), 'grant-lease', 'grant'],
  ['a heartbeat is due', aStandby({ lease: dueRenewal }), 'renew-lease', 'renew'],
  [
    'also while processes are being killed',
    aGuardian({ lease: dueRenewal, fencing: true, child: { kind: 'fencing', sinceMono: nowMono, why: null } }),
    'renew-lease',
    'renew',
  ],
  ['and while batond is silent', aStandby({ lease: dueRenewal, batond: cutOff(5_000) }), 'renew-lease', 'renew'],
  [
    'an id from the run before is tried at once',
    aStandby({ lease: { kind: 'adopting', leaseId: oneLease, renewSentMono: null } }),
    'renew-lease',
    'renew',
  ],
];

describe('the guardian', () => {
  for (const [says, state, rule, action] of rows) {
    test(`${says}: ${rule}`, () => {
      const decision = decideGuardian(state, nowMono);
      expect([decision.rule, decision.action.kind]).toEqual([rule, action]);
    });
  }

  test('every rule has a row', () => {
    expect(GUARDIAN_RULES.filter((rule) => !rows.some(([, , fired]) => fired === rule))).toEqual([]);
  });
});

describe('the next instant at which it wants to be asked', () => {
  const wakes: readonly (readonly [says: string, state: GuardianState, wakeAt: number | null])[] = [
    ['is the next heartbeat', aStandby({ batond: heard(0) }), 10_250],
    ['is the deadline when that comes first', aGuardian({ lease: heldFor(4_400) }), 10_100],
    [
      'is the deadline shortened by a sleep',
      aGuardian({ lease: heldFor(1_000), bootAheadMs: 3_400, suspendSeenMono: monoMs(9_000) }),
      10_100,
    ],
    ['is the end of the backing', aGuardian({ lease: heldFor(60_000), leading: provedFor(1_400) }), 10_100],
    ['is the limit of a stop', aStandby({ child: stopping, stopByMono: monoMs(10_001) }), 10_001],
    ["is when the orphan's time is over", aGuardian({ batond: cutOff(9_900) }), 10_100],
    ['is when the time to hand over is over', aGuardian({ terminatingSinceMono: monoMs(5_100) }), 10_100],
    ['is the retry of a grant', aStandby({ lease: { kind: 'none', retryAtMono: monoMs(10_050) } }), 10_050],
    ['is none when only an event can change anything', aStandby({ rules: null, batond: cutOff(0) }), null],
  ];
  for (const [says, state, wakeAt] of wakes)
    test(says, () => {
      expect(decideGuardian(state, nowMono).wakeAtMono).toBe(wakeAt);
    });

  test('a leader that stops renewing is asked again until it is fenced, never later than its deadline', () => {
    let at = nowMono;
    const state = aGuardian({ lease: heldFor(0), leading: provedFor(0), batond: heard(0) });
    for (let round = 0; round < 100; round += 1) {
      const sent = {
        ...state,
        lease: { ...state.lease, renewSentMono: at } as GuardianState['lease'],
        batond: { connected: true, heardMono: at },
      };
      const decision = decideGuardian(sent, at);
      if (decision.action.kind === 'fence') break;
      expect(decision.wakeAtMono).toBeGreaterThan(at);
      at = decision.wakeAtMono ?? at;
    }
    // Backed for 1.5 s only: the lease's own deadline is the later of the two.
    expect(at).toBe(nowMono + rules.ttlMs - rules.marginMs);
  });
});

test('a child that runs as a standby is not a leader by that', () => {
  expect(
    decideGuardian(aStandby({ child: running('standby'), lease: gone, batond: cutOff(60_000) }), nowMono).rule,
  ).toBe('keep-standby');
});
