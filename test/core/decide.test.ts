import { describe, expect, test } from 'vitest';
import { copyName } from '../../src/core/copy-name.ts';
import { decide } from '../../src/core/decide.ts';
import type { OperationSpec } from '../../src/core/decision.ts';
import { RULES, type Rule } from '../../src/core/rules.ts';
import { copyId, leaseId, lsn, MiB, memberName, revision, timeline } from '../../src/core/units.ts';
import type { PeerView, View } from '../../src/core/view.ts';
import {
  a,
  aData,
  absent,
  ago,
  answers,
  aPrimary,
  aProbe,
  aRequest,
  aSender,
  aStandby,
  aView,
  b,
  childless,
  copyOf,
  ledBy,
  leaseOf,
  malformed,
  present,
  record,
  refuses,
  silent,
  sync,
  term,
} from './a-view.ts';

type Row = readonly [says: string, view: View, rule: Rule];
const stopped = (changes = {}) => ({ kind: 'stopped', data: aData(changes) }) as const;
const anExit = (changes = {}) => ({ atMono: ago(1), code: null, signal: 'SIGKILL', requested: false, ...changes });
const exposed = { sync: present(sync(a, [], { copies: { a: copyOf.a } })) };
const alone = { waitsFor: [], walsenders: [] };
const followsB = {
  leader: ledBy('b'),
  sync: present(sync(b, [a])),
  members: new Map([
    [a, present(record('a', { role: 'replica', state: 'streaming' }))],
    [b, present(record('b', { role: 'primary', state: 'running' }))],
  ]),
};
const fullDisk = { dataBytes: 900 * MiB, walBytes: 1 * MiB };
const scarceStandby = {
  members: new Map([
    [a, present(record('a'))],
    [b, present(record('b', { freeBytes: 4 * MiB }))],
  ]),
};
const jumped = (jumpedMs: number, readMs: number) => ({ readMs, memory: { wallJumpedMono: ago(jumpedMs) } });
const noLeader = { leader: absent } as const;
const ofNoPrimary = answers.report && ({ ...answers.report, role: 'none' } as const);
/** It answered everything, and that is so long ago. */
const heardBefore = (ms: number): PeerView => ({
  ...answers,
  postgres: answers.postgres && { ...answers.postgres, atMono: ago(ms) },
  daemon: answers.daemon && { ...answers.daemon, atMono: ago(ms) },
});
const failedStarts = (count: number, agoMs: number) => ({
  count,
  atMono: ago(agoMs),
  problem: 'the disk is read-only',
});
const onlySelf = { members: new Map([[a, present(record('a'))]]) };
/** Where the WAL of a hung disk ends: what the standby has, and as many bytes more. */
const endedAhead = (moreBytes: number) => ({ timeline: timeline(1), lsn: lsn(0x5000000n + BigInt(moreBytes)) });
const off = { sync: present(sync(a, [], { mode: 'off' })) };
const diverged = { sync: present(sync(b, [], { copies: { b: copyOf.b } })) };
const behind = { ...answers, report: null };
const promotion = {
  timeline: timeline(1),
  lsn: lsn(0x4000000n),
  reason: 'x',
  timestamp: 't',
  newLeader: a,
  promotionId: 'p1',
  historyFile: 'h',
  newTimeline: timeline(2),
};
/** Promotions of the last hour, on timelines 2 and up. */
const failovers = (count: number, reason = 'failover: b was gone', timestamp = '2025-12-31T23:30:00.000Z') =>
  Array.from({ length: count }, (_, at) => ({ ...promotion, reason, timestamp, newTimeline: timeline(at + 2) }));
const lookedAt = (upTo: number) => present({ timeline: upTo, by: 'kim@ops', reason: 'a bad cable', at: 't' });
const proof = { standby: b, copyName: copyName(b, copyOf.b), term, runId: 'run-1', waitedFor: [copyName(b, copyOf.b)] };

const tookFromB = present({ member: b, copyId: copyOf.b, runId: 'run-b', mayHaveMore: true, address: null }, term);

/** Nothing of ours that was sent later was acknowledged. */
const lastAcked = (ms: number) => aProbe({ ackedSentMono: ago(ms), provedSentMono: ago(ms) });
/** Until the newest look. */
const aStuckProbe = (stuckMs: number) => ({
  ackedSentMono: ago(stuckMs + 400),
  provedSentMono: ago(stuckMs + 400),
  pendingSinceMono: ago(stuckMs + 100),
  stuckSinceMono: ago(stuckMs + 50),
  seenWaiting: true,
});
const restored = { code: 'etcd-went-back', reason: 'restored' } as const;
const startedAsPrimary = (agoMs: number) =>
  ({ kind: 'running', pid: 4711, startedMono: ago(agoMs), startedAs: 'primary' }) as const;
const failedInitdb = (agoMs: number) =>
  ({
    kind: 'idle',
    last: {
      spec: { kind: 'initialize', copyId: copyOf.a },
      atMono: ago(agoMs),
      outcome: { ok: false, problem: 'the disk is full' },
    },
  }) as const;

const whoeverLeads: readonly Row[] = [
  [
    'lets the guardian kill what a dead postmaster left, before anything else',
    aView(aPrimary(alone), {
      state: exposed,
      guardian: {
        child: { kind: 'exited', exit: anExit() },
      },
    }),
    'await-fence',
  ],
  [
    'kills it itself when the guardian is gone',
    aView(aPrimary(alone), {
      state: exposed,
      guardian: {
        connected: false,
        child: { kind: 'exited', exit: anExit() },
      },
    }),
    'fence-remains',
  ],
  [
    'kills it itself when the guardian takes too long',
    aView(aPrimary(alone), {
      state: exposed,
      guardian: {
        child: { kind: 'exited', exit: anExit({ atMono: ago(600) }) },
      },
    }),
    'fence-remains',
  ],
  [
    'hands over once its postmaster has ended, while what that left behind is being killed',
    aView(aPrimary(), { guardian: { child: { kind: 'exited', exit: anExit() } } }),
    'hand-over-dead-postgres',
  ],
  [
    'waits for the fence where somebody asked for the end of its postgres',
    aView(aPrimary(), { guardian: { child: { kind: 'exited', exit: anExit({ requested: true }) } } }),
    'await-fence',
  ],
  [
    'waits for the fence where its claim is not in sync yet',
    aView(aPrimary(), {
      state: { sync: present(sync(b, [a])) },
      guardian: { child: { kind: 'exited', exit: anExit() } },
    }),
    'await-fence',
  ],
  [
    'waits for the fence in mode off: nobody is handed the key while processes are left',
    aView(aPrimary(), {
      mode: 'off',
      state: off,
      guardian: { child: { kind: 'exited', exit: anExit() } },
    }),
    'await-fence',
  ],
  [
    'waits while processes are being killed',
    aView(aPrimary(), { guardian: { child: { kind: 'fencing', sinceMono: ago(5), why: null } } }),
    'await-fence',
  ],
  [
    'waits while postgres stops',
    aView(aPrimary(), { guardian: { child: { kind: 'stopping', pid: 42, sinceMono: ago(5) } } }),
    'await-stop',
  ],
  [
    'hands over without the fence when processes cannot be killed',
    aView(aPrimary(), { guardian: { child: { kind: 'fencing', sinceMono: ago(1_200), why: null } } }),
    'hand-over-unfenced',
  ],
  [
    'says why its guardian ends a leader by itself',
    aView(aPrimary(), {
      guardian: { child: { kind: 'fencing', sinceMono: ago(5), why: 'fence-cut-off: nobody confirms' } },
    }),
    'fenced-by-guardian',
  ],
  [
    'gives the key up in mode off: nobody is handed it while processes are left',
    aView(aPrimary(), {
      mode: 'off',
      state: off,
      guardian: { child: { kind: 'fencing', sinceMono: ago(1_200), why: null } },
    }),
    'release-unfenced',
  ],
  [
    'keeps it while its own key still tells of an earlier fence that is complete',
    aView(aPrimary(), {
      mode: 'off',
      state: {
        ...off,
        members: new Map([
          [a, present(record('a', { fencedTerm: term }))],
          [b, present(record('b'))],
        ]),
      },
      guardian: { child: { kind: 'fencing', sinceMono: ago(1_200), why: null } },
    }),
    'await-fence',
  ],
  [
    'keeps it while nobody else could take it',
    aView(aPrimary(), {
      mode: 'off',
      state: { ...off, ...onlySelf },
      guardian: { child: { kind: 'fencing', sinceMono: ago(1_200), why: null } },
    }),
    'await-fence',
  ],
  [
    'does nothing before the guardian has said what runs',
    aView({ kind: 'unknown' }, { guardian: { child: { kind: 'unknown' } } }),
    'observe-first',
  ],
  [
    'starts nothing before etcd was read',
    aView(stopped(), { guardian: childless(), view: { coordinator: { kind: 'never-read', sinceMono: ago(500) } } }),
    'await-etcd',
  ],
  [
    'holds while automation is held',
    aView(aStandby(), {
      state: followsB,
      peer: refuses,
      memory: { held: [restored] },
    }),
    'hold',
  ],
  [
    'ends a primary that was starting when automation became held',
    aView(
      { kind: 'starting', sinceMono: ago(900) },
      { guardian: { child: startedAsPrimary(900) }, memory: { held: [restored] } },
    ),
    'fence-held',
  ],
  [
    'does not end one that this daemon found running: it may have served for days',
    aView(
      { kind: 'starting', sinceMono: ago(900) },
      { guardian: { child: startedAsPrimary(70_000) }, memory: { held: [restored] } },
    ),
    'hold',
  ],
  [
    'does not end one that has been seen to serve',
    aView(aPrimary(), { guardian: { child: startedAsPrimary(900) }, memory: { held: [restored] } }),
    'hold',
  ],
  [
    'goes on leading without the past of etcd, on a lease of that etcd or on none, while its standby acknowledges',
    aView(aPrimary(), { guardian: { lease: { kind: 'gone', leaseId: leaseOf.a } }, memory: { held: [restored] } }),
    'hold',
  ],
  [
    'goes on so although its key had gone with its lease before etcd lost its past',
    aView(aPrimary(), { state: { leader: absent }, memory: { held: [restored], lastLedTerm: term } }),
    'hold',
  ],
  [
    'stops once the standby has not acknowledged for the failsafe window, whatever that etcd says of the lease',
    aView(aPrimary({ probe: aProbe({ provedSentMono: ago(1_600) }) }), { memory: { held: [restored] } }),
    'fence-deadline',
  ],
  [
    'leaves that to its guardian in mode off, which knows whether the lease is still the one of this term',
    aView(aPrimary(), { mode: 'off', state: off, memory: { held: [restored] } }),
    'hold',
  ],
  [
    'ends a standby that somebody promotes by hand while automation is held',
    aView(aPrimary(), { state: { leader: absent, sync: present(sync(b, [a])) }, memory: { held: [restored] } }),
    'fence-unclaimed',
  ],
  [
    'ends a primary that another member had succeeded before etcd lost its past',
    aView(aPrimary(), { state: followsB, memory: { held: [restored] } }),
    'fence-not-leader',
  ],
  [
    'ends a leader whom somebody has succeeded in the etcd that lost its past',
    aView(aPrimary(), { memory: { held: [restored], overtakenBy: b } }),
    'fence-overtaken',
  ],
  [
    'goes on when the key that somebody put back there names itself',
    aView(aPrimary(), { memory: { held: [restored], overtakenBy: a } }),
    'hold',
  ],
  [
    'ends a leader whose clock jumped while automation is held, when no commit has confirmed it since',
    aView(aPrimary({ probe: aProbe({ provedSentMono: ago(700) }) }), {
      readMs: 700,
      memory: { held: [restored], wallJumpedMono: ago(600) },
    }),
    'fence-clock-jump',
  ],
  [
    'leaves what runs to its guardian when it began with automation held and believes nothing',
    aView(aPrimary(), {
      memory: { held: [restored] },
      view: { coordinator: { kind: 'never-read', sinceMono: ago(500) } },
    }),
    'hold',
  ],
  [
    'holds while another daemon has its name',
    aView(aStandby(), {
      state: { ...followsB, members: new Map([[a, present(record('a', { leaseId: leaseOf.b }))]]) },
      peer: refuses,
    }),
    'hold',
  ],
  [
    'ends a primary that somebody promoted by hand while another daemon has its name',
    aView(aPrimary(), {
      state: { ...followsB, members: new Map([[a, present(record('a', { leaseId: leaseOf.b }))]]) },
    }),
    'fence-not-leader',
  ],
  [
    'ends a primary that did not claim last while another daemon has its name and nobody leads',
    aView(aPrimary(), {
      state: { ...followsB, ...noLeader, members: new Map([[a, present(record('a', { leaseId: leaseOf.b }))]]) },
    }),
    'fence-unclaimed',
  ],
  [
    'ends a primary whose copy did not claim while another daemon leads under its name',
    aView(aPrimary(), {
      state: {
        leader: ledBy('a', leaseOf.b),
        sync: present(sync(a, [b], { copies: { a: copyId('another') } })),
        members: new Map([[a, present(record('a', { leaseId: leaseOf.b }))]]),
      },
    }),
    'fence-other-lease',
  ],
  [
    'leaves a primary that leads alone while another daemon has its name',
    aView(aPrimary(), { state: { members: new Map([[a, present(record('a', { leaseId: leaseOf.b }))]]) } }),
    'hold',
  ],
  [
    'ends a primary of whom another is the leader also where the sync key is malformed',
    aView(aPrimary(), { state: { ...followsB, sync: malformed } }),
    'fence-not-leader',
  ],
  [
    'ends no primary by a leader key that nobody can read',
    aView(aPrimary(), { state: { ...followsB, leader: malformed } }),
    'hold-malformed',
  ],
  [
    'holds when the sync key is malformed',
    aView(aStandby(), { state: { ...followsB, sync: malformed }, peer: refuses }),
    'hold-malformed',
  ],
  [
    'refuses data of another cluster',
    aView(stopped({ systemIdentifier: '1' }), { guardian: childless(), state: followsB }),
    'hold-foreign-data',
  ],
  ['fences a primary of another cluster', aView(aPrimary({ systemIdentifier: '1' })), 'fence-foreign'],
  [
    'fences a primary whose name leads on another lease',
    aView(aPrimary(), {
      state: { leader: ledBy('a', leaseOf.b), sync: present(sync(a, [b], { copies: { a: copyId('another') } })) },
    }),
    'fence-other-lease',
  ],
  [
    'goes on while its key is about to go and commits are acknowledged',
    aView(aPrimary(), { state: { leader: ledBy('a', leaseOf.b) } }),
    'await-lease',
  ],
  [
    'fences on another lease in mode off',
    aView(aPrimary(alone), { mode: 'off', state: { leader: ledBy('a', leaseOf.b), ...off } }),
    'fence-other-lease',
  ],
  [
    'waits for the lease of its earlier run',
    aView(stopped(), { guardian: childless(), state: { leader: ledBy('a', leaseOf.b) } }),
    'await-lease',
  ],
];

const oursAtRest: readonly Row[] = [
  [
    'creates the cluster it won',
    aView({ kind: 'absent' }, { guardian: childless(), state: { initialize: absent, sync: absent } }),
    'initialize',
  ],
  [
    'lets another member create the cluster after a failed initdb',
    aView(
      { kind: 'absent' },
      { guardian: childless(), state: { initialize: absent, sync: absent }, view: { operation: failedInitdb(100) } },
    ),
    'release-no-data',
  ],
  [
    'tries initdb again when it won the right anew',
    aView(
      { kind: 'absent' },
      {
        guardian: childless(),
        state: { initialize: absent, sync: absent },
        view: { operation: failedInitdb(6_000) },
        memory: { leadingSinceMono: ago(1) },
      },
    ),
    'initialize',
  ],
  [
    'makes the created cluster known',
    aView(stopped(), {
      guardian: childless(),
      state: { initialize: absent, sync: absent },
      memory: { initializedCopyId: copyOf.a },
    }),
    'publish-cluster',
  ],
  [
    'does not publish data that it did not create',
    aView(stopped(), { guardian: childless(), state: { initialize: absent, sync: absent } }),
    'hold-foreign-data',
  ],
  [
    'gives the key up when it has no data',
    aView({ kind: 'absent' }, { guardian: childless(), state: exposed }),
    'release-no-data',
  ],
  [
    'gives the key up while its data is being made ready to follow another: what was seen of it is void',
    aView(stopped(), {
      guardian: childless(),
      state: exposed,
      view: {
        operation: {
          kind: 'busy',
          spec: { kind: 'rejoin', leader: b, term, copyId: copyOf.a },
          sinceMono: ago(200),
          progress: null,
        },
      },
    }),
    'release-unusable',
  ],
  [
    'gives the key up when its directory cannot be used',
    aView({ kind: 'unusable', problem: 'PG_VERSION 12' }, { guardian: childless() }),
    'release-unusable',
  ],
  [
    'gives the key up when sync names another copy',
    aView(stopped({ copyId: copyId('old') }), { guardian: childless() }),
    'release-not-eligible',
  ],
  [
    'hands over when postgres is dead and the standby has everything',
    aView(stopped(), { guardian: childless() }),
    'hand-over-dead-postgres',
  ],
  [
    'restarts a dead postgres in place in mode off: that loses nothing',
    aView(stopped(), { mode: 'off', guardian: childless(), state: off }),
    'restart-in-place',
  ],
  [
    'hands over in mode off when its disk hangs, everything is fenced, and somebody lacks little enough',
    aView(
      { kind: 'unknown' },
      { mode: 'off', guardian: childless(true), state: off, memory: { walEnd: endedAhead(MiB), diskHung: true } },
    ),
    'hand-over-hung-disk',
  ],
  [
    'does not when the standby lacks more than maxLag',
    aView(stopped(), {
      mode: 'off',
      guardian: childless(true),
      state: off,
      memory: { walEnd: endedAhead(MiB + 1), diskHung: true },
    }),
    'restart-in-place',
  ],
  [
    'nor to a standby on another timeline',
    aView(stopped(), {
      mode: 'off',
      guardian: childless(true),
      state: off,
      memory: { walEnd: { ...endedAhead(0), timeline: timeline(2) }, diskHung: true },
    }),
    'restart-in-place',
  ],
  [
    'restarts in place instead, after repeated failovers that nobody has looked at',
    aView(stopped(), { guardian: childless(), state: { history: present(failovers(3)) } }),
    'restart-in-place',
  ],
  [
    'hands over when its host shuts down, also after repeated failovers',
    aView(stopped(), {
      guardian: { ...childless(true), terminating: true },
      state: { history: present(failovers(3)) },
    }),
    'hand-over-shutdown',
  ],
  [
    'hands over before the directory was looked at',
    aView({ kind: 'unknown' }, { guardian: childless() }),
    'hand-over-dead-postgres',
  ],
  [
    'restarts in place, after a claim of its own, when nobody else may lead',
    aView(stopped(), { guardian: childless(), state: exposed, memory: { confirmedSyncRevision: null } }),
    'claim-to-restart',
  ],
  [
    'restarts in place once the claim is confirmed',
    aView(stopped(), { guardian: childless(), state: exposed }),
    'restart-in-place',
  ],
  [
    'keeps the named standby and restarts when that one does not answer',
    aView(stopped(), { guardian: childless(), peer: silent }),
    'restart-in-place',
  ],
  [
    'stops restarting a postgres that keeps ending',
    aView(stopped(), { guardian: childless(), state: exposed, memory: { crashes: [ago(4), ago(3), ago(2), ago(1)] } }),
    'hold-crash-budget',
  ],
  [
    'gives the key away in mode off when postgres keeps ending, to one that lacks no more than maxLag',
    aView(stopped(), {
      mode: 'off',
      guardian: childless(),
      state: off,
      memory: { crashes: [ago(4), ago(3), ago(2), ago(1)], walEnd: endedAhead(MiB) },
    }),
    'hand-over-within-lag',
  ],
  [
    'and when it has no room to start in',
    aView(stopped(), {
      mode: 'off',
      guardian: childless(),
      state: off,
      memory: { crashes: [ago(3_000), ago(1)], walEnd: endedAhead(0) },
      view: { room: fullDisk },
    }),
    'hand-over-within-lag',
  ],
  [
    'not to one that lacks more',
    aView(stopped(), {
      mode: 'off',
      guardian: childless(),
      state: off,
      memory: { crashes: [ago(4), ago(3), ago(2), ago(1)], walEnd: endedAhead(MiB + 1) },
    }),
    'hold-crash-budget',
  ],
  [
    'nor by a daemon that has not seen how far it was',
    aView(stopped(), {
      mode: 'off',
      guardian: childless(),
      state: off,
      memory: { crashes: [ago(4), ago(3), ago(2), ago(1)] },
    }),
    'hold-crash-budget',
  ],
  [
    'does not restart again and again on a full disk: it waits for room',
    aView(stopped(), {
      guardian: childless(),
      state: exposed,
      memory: { crashes: [ago(3_000), ago(1)] },
      view: { room: fullDisk },
    }),
    'await-room',
  ],
  [
    'tries once on a nearly full disk: something else may have ended postgres',
    aView(stopped(), {
      guardian: childless(),
      state: exposed,
      memory: { crashes: [ago(1)] },
      view: { room: fullDisk },
    }),
    'restart-in-place',
  ],
  [
    'starts at once when there is room again',
    aView(stopped(), {
      guardian: childless(),
      state: exposed,
      memory: { crashes: [ago(3_000), ago(1)] },
      view: { room: { dataBytes: 33 * MiB, walBytes: 33 * MiB } },
    }),
    'restart-in-place',
  ],
  [
    'hands a dead postgres over whatever room is left here',
    aView(stopped(), { guardian: childless(), memory: { crashes: [ago(2), ago(1)] }, view: { room: fullDisk } }),
    'hand-over-dead-postgres',
  ],
  [
    'hands nothing to a standby whose disk is full as well',
    aView(stopped(), { guardian: childless(), state: scarceStandby }),
    'restart-in-place',
  ],
  [
    'starts standby data as a standby, to promote it',
    aView(stopped({ standbySignal: true }), { guardian: childless(), state: exposed }),
    'start-to-promote',
  ],
  [
    'takes a promotion up again that died half-way: nobody has written on the timeline that it began',
    aView(stopped({ clusterState: 'in archive recovery' }), { guardian: childless(), state: exposed }),
    'start-to-promote',
  ],
  [
    'hands nothing over while postgres is being started',
    aView(stopped(), {
      guardian: childless(),
      view: {
        operation: {
          kind: 'busy',
          sinceMono: ago(5),
          progress: null,
          spec: { kind: 'start', as: 'primary', term, waitFor: [], waitForNobody: false, admits: 'everybody' },
        },
      },
    }),
    'await-postgres',
  ],
  ['waits for a starting postgres', aView({ kind: 'starting', sinceMono: ago(50) }), 'await-postgres'],
  [
    'is patient with a server that ran before this daemon began',
    aView(
      { kind: 'starting', sinceMono: ago(3_000) },
      { view: { self: { ...aView({ kind: 'unknown' }).self, startedMono: ago(3_000) } } },
    ),
    'await-postgres',
  ],
  [
    'does not wait long when somebody else can lead',
    aView({ kind: 'starting', sinceMono: ago(3_000) }),
    'fence-slow-start',
  ],
  [
    'claims when an operator handed it the key in spite of loss',
    aView(aStandby(), {
      state: {
        sync: present(sync(b, [], { copies: { b: copyOf.b } }), revision(90)),
        request: present(aRequest({ kind: 'failover', leader: b, candidate: a, allowDataLoss: true })),
      },
    }),
    'claim',
  ],
  [
    'gives the key up that an operator forced onto a copy without an id: its claim would name no copy',
    aView(aStandby({ copyId: null }), {
      state: {
        sync: present(sync(b, [], { copies: { b: copyOf.b } }), revision(90)),
        request: present(aRequest({ kind: 'failover', leader: b, candidate: a, allowDataLoss: true })),
      },
    }),
    'release-not-eligible',
  ],
];

const oursInRecovery: readonly Row[] = [
  [
    'claims a key that it was handed',
    aView(aStandby(), { state: { sync: present(sync(b, [a]), revision(90)) } }),
    'claim',
  ],
  ['promotes once it has claimed', aView(aStandby(), { state: exposed }), 'promote'],
  [
    'does not promote on a claim of an earlier term',
    aView(aStandby(), { state: { sync: present(sync(a, [], { copies: { a: copyOf.a } }), revision(99)) } }),
    'claim',
  ],
  [
    "waits for the old primary's shutdown record",
    aView(aStandby(), {
      memory: { leadingSinceMono: ago(100) },
      state: {
        sync: present(sync(b, [a]), revision(90)),
        request: present(aRequest({ leader: b, candidate: a, shutdownLsn: lsn(0x5000000n) })),
      },
    }),
    'await-replay',
  ],
  [
    'goes on without that record in a synchronous mode',
    aView(aStandby(), {
      memory: { leadingSinceMono: ago(6_000) },
      state: {
        sync: present(sync(b, [a]), revision(90)),
        request: present(aRequest({ leader: b, candidate: a, shutdownLsn: lsn(0x5000000n) })),
      },
    }),
    'claim',
  ],
  [
    'gives the key back without that record in mode off',
    aView(aStandby(), {
      memory: { leadingSinceMono: ago(6_000) },
      state: {
        sync: present(sync(b, [], { mode: 'off' }), revision(90)),
        request: present(aRequest({ leader: b, candidate: a, shutdownLsn: lsn(0x5000000n) })),
      },
    }),
    'switchover-hand-back',
  ],
  [
    'in mode off, fetches the last commits of an old primary that still answers, and stops it, before it is promoted',
    aView(aStandby(), {
      state: { sync: present(sync(a, [], { mode: 'off' })), predecessor: tookFromB },
      memory: { leadingSinceMono: ago(100) },
    }),
    'fence-remote-first',
  ],
];

const strict = { sync: present(sync(a, [b], { mode: 'strict' })) };
const strictAlone = { sync: present(sync(a, [], { mode: 'strict', copies: { a: copyOf.a } })) };
const overridden = { waitsRuledBy: '/data/postgresql.auto.conf' };

const oursAndPrimary: readonly Row[] = [
  [
    'in mode strict, puts the clients out when another file rules what commits wait for',
    aView(aPrimary({ ...overridden, waitsFor: [] }), { mode: 'strict', state: strict }),
    'close-unwaiting',
  ],
  [
    'and when it names the same standbys: whoever changes it next is not asked',
    aView(aPrimary(overridden), { mode: 'strict', state: strict }),
    'close-unwaiting',
  ],
  [
    'puts them out when commits wait for nobody, as when the mode has just become strict',
    aView(aPrimary(alone), { mode: 'strict', state: strictAlone }),
    'close-unwaiting',
  ],
  [
    'lets nobody in again meanwhile, whatever was proved before',
    aView(
      aPrimary({
        ...overridden,
        admits: 'baton-only',
        probe: aProbe({ ackedSentMono: null, provedSentMono: null, pendingSinceMono: ago(20), seenWaiting: true }),
      }),
      { mode: 'strict', state: strict, memory: { proof } },
    ),
    'lead',
  ],
  [
    'only stops naming the standby in the other modes',
    aView(aPrimary({ ...overridden, waitsFor: [] })),
    'sync-remove-lost',
  ],
  ['leads', aView(aPrimary()), 'lead'],
  [
    'leads exposed when no standby is named',
    aView(aPrimary(alone), { state: { ...exposed, members: new Map([[a, present(record('a'))]]) } }),
    'lead-exposed',
  ],
  [
    'leads on while etcd is silent and the standby acknowledges',
    aView(aPrimary(), {
      unreachable: true,
      guardian: { lease: { kind: 'held', leaseId: leaseOf.a, ttlMs: 5_000, confirmedSentMono: ago(9_000) } },
    }),
    'lead-blind',
  ],
  [
    'fences past the deadline when no commit was proved lately',
    aView(
      aPrimary({
        probe: aProbe({
          ackedSentMono: ago(3_000),
          provedSentMono: ago(3_000),
          pendingSinceMono: ago(2_900),
          seenWaiting: false,
        }),
      }),
      {
        unreachable: true,
        guardian: { lease: { kind: 'held', leaseId: leaseOf.a, ttlMs: 5_000, confirmedSentMono: ago(9_000) } },
      },
    ),
    'fence-deadline',
  ],
  [
    'fences past the deadline in mode off whatever commits say',
    aView(aPrimary(alone), {
      mode: 'off',
      state: off,
      unreachable: true,
      guardian: { lease: { kind: 'held', leaseId: leaseOf.a, ttlMs: 5_000, confirmedSentMono: ago(4_600) } },
    }),
    'fence-deadline',
  ],
  [
    'claims again when its key was written anew and nobody claimed since',
    aView(aPrimary(), { state: { sync: present(sync(a, [b]), revision(90)) } }),
    'claim-again',
  ],
  [
    'fences a primary that somebody promoted by hand',
    aView(aPrimary(), { state: { sync: present(sync(b, [a]), revision(90)) } }),
    'fence-unclaimed',
  ],
  [
    'stops when its wall clock jumped and nothing has confirmed it since',
    aView(aPrimary(alone), { state: off, mode: 'off', ...jumped(600, 700) }),
    'fence-clock-jump',
  ],
  [
    'gives whatever confirms it half a second after a jump',
    aView(aPrimary(alone), { state: off, mode: 'off', ...jumped(400, 700) }),
    'lead',
  ],
  [
    'leads on after a jump that etcd has confirmed it since',
    aView(aPrimary(alone), { state: off, mode: 'off', ...jumped(600, 500) }),
    'lead',
  ],
  [
    'leads on after a jump, without etcd, while the standby acknowledges',
    aView(aPrimary(), { unreachable: true, ...jumped(600, 700) }),
    'lead-blind',
  ],
  [
    'stops after a jump when the standby has not acknowledged since either',
    aView(
      aPrimary({
        probe: aProbe({
          ackedSentMono: ago(650),
          provedSentMono: ago(650),
          pendingSinceMono: ago(350),
          seenWaiting: true,
        }),
      }),
      { unreachable: true, ...jumped(600, 700) },
    ),
    'fence-clock-jump',
  ],
  [
    'fences a postgres whose commits do not become durable, for somebody who can lead on another disk',
    aView(aPrimary({ probe: aStuckProbe(1_600) })),
    'fence-hung',
  ],
  [
    'does so in mode off for somebody who lacks no more than maxLag',
    aView(aPrimary({ ...alone, probe: aStuckProbe(1_600), currentLsn: endedAhead(MiB).lsn }), {
      mode: 'off',
      state: off,
    }),
    'fence-hung',
  ],
  [
    'leaves it alone in mode off when everybody lacks more',
    aView(aPrimary({ ...alone, probe: aStuckProbe(9_000), currentLsn: endedAhead(MiB + 1).lsn }), {
      mode: 'off',
      state: off,
    }),
    'lead',
  ],
  ['rides out a disk that is slow', aView(aPrimary({ probe: aStuckProbe(1_200) })), 'lead'],
  [
    'leaves a postgres on a hung disk alone while nobody else can lead',
    aView(aPrimary({ ...alone, probe: aStuckProbe(9_000) }), {
      state: { ...exposed, members: new Map([[a, present(record('a'))]]) },
    }),
    'lead-exposed',
  ],
  [
    'fences a postgres that serves nobody, neither on fresh connections nor on those that are there',
    aView(aPrimary({ failingSinceMono: ago(1_600), probe: lastAcked(1_650) }), { peer: heardBefore(900) }),
    'fence-hung',
  ],
  [
    'does not blame its postgres for a machine on which nobody is answered, whoever is asked',
    aView(aPrimary({ failingSinceMono: ago(1_600), probe: lastAcked(1_650) }), {
      readMs: 1_700,
      peer: heardBefore(1_700),
    }),
    'lead',
  ],
  [
    'gives it a moment after everybody was silent and another has just answered',
    aView(aPrimary({ failingSinceMono: ago(1_600), probe: lastAcked(1_650) }), {
      readMs: 1_700,
      peer: heardBefore(20),
    }),
    'lead',
  ],
  [
    'gives it a moment after etcd has just answered what it was asked long before, and all others are silent',
    aView(aPrimary({ failingSinceMono: ago(1_695), probe: lastAcked(2_400) }), {
      readMs: 303,
      answeredMs: 70,
      peer: heardBefore(1_700),
    }),
    'lead',
  ],
  [
    'fences it when etcd answers, although the standby does not',
    aView(aPrimary({ failingSinceMono: ago(1_600), probe: lastAcked(1_650) }), {
      readMs: 400,
      peer: heardBefore(1_700),
    }),
    'fence-hung',
  ],
  [
    'leads on while the sessions that are there are served: on a busy machine a fresh connection may take seconds',
    aView(aPrimary({ failingSinceMono: ago(5_900), probe: lastAcked(900) }), { peer: heardBefore(900) }),
    'lead',
  ],
  [
    'fences a postgres that has served nobody new for four times as long, although sessions are served',
    aView(aPrimary({ failingSinceMono: ago(6_100), probe: lastAcked(900) }), { peer: heardBefore(900) }),
    'fence-hung',
  ],
  [
    'fences one that says that it serves nobody, although sessions are served: its disk has become read-only, say',
    aView(aPrimary({ failingSinceMono: ago(1_600), failingSilently: false, probe: lastAcked(300) }), {
      peer: heardBefore(900),
    }),
    'fence-hung',
  ],
  [
    'fences one that has served nobody new and then stopped serving its sessions',
    aView(aPrimary({ failingSinceMono: ago(2_500), probe: lastAcked(1_600) }), { peer: heardBefore(900) }),
    'fence-hung',
  ],
  [
    'stops cleanly when its host shuts down and somebody can lead',
    aView(aPrimary(), { guardian: { terminating: true } }),
    'stop-for-shutdown',
  ],
  [
    'lets clients in once a commit was proved to wait',
    aView(aPrimary({ admits: 'baton-only' }), { memory: { proof } }),
    'admit-clients',
  ],
  [
    'lets clients in once a commit was seen to wait',
    aView(
      aPrimary({
        admits: 'baton-only',
        probe: aProbe({ pendingSinceMono: ago(20), seenWaiting: true }),
      }),
    ),
    'admit-clients',
  ],
  [
    'lets nobody read what recovery brought back before the standby that may lead has it',
    aView(
      aPrimary({
        admits: 'baton-only',
        probe: aProbe({ ackedSentMono: null, provedSentMono: null, pendingSinceMono: ago(20), seenWaiting: true }),
      }),
    ),
    'lead',
  ],
  [
    'lets clients in without a standby that may lead',
    aView(
      aPrimary({
        ...alone,
        admits: 'baton-only',
        probe: aProbe({ provedSentMono: null }),
      }),
      { state: exposed },
    ),
    'admit-clients',
  ],
  ['proves the waiting before clients come in', aView(aPrimary({ admits: 'baton-only' })), 'prove-before-admission'],
  ["does not take a standby's flush for a wait", aView(aPrimary({ admits: 'baton-only', walsenders: [] })), 'lead'],
  ['takes out of the key whom PostgreSQL does not wait for', aView(aPrimary({ waitsFor: [] })), 'sync-remove-lost'],
  ['blames no standby on a look that is old', aView(aPrimary({ waitsFor: [], seenMono: ago(700) })), 'lead'],
  [
    'does not weaken the mode by a configuration that cannot be read',
    aView(aPrimary(), { mode: 'off', state: { config: malformed } }),
    'lead',
  ],
  [
    'leaves it to its guardian to judge the lease when the standby has not confirmed it for the failsafe window',
    aView(
      aPrimary({
        probe: aProbe({
          ackedSentMono: ago(1_700),
          provedSentMono: ago(1_700),
          pendingSinceMono: ago(1_600),
          seenWaiting: false,
        }),
      }),
      {
        unreachable: true,
        guardian: { lease: { kind: 'held', leaseId: leaseOf.a, ttlMs: 5_000, confirmedSentMono: ago(1_600) } },
      },
    ),
    'lead-blind',
  ],
  [
    'waits a while before it adds a standby that it removed',
    aView(aPrimary(alone), { state: { ...exposed }, memory: { syncRemovedMono: ago(500) } }),
    'lead-exposed',
  ],
  [
    'removes a lost standby from the key first',
    aView(aPrimary({ walsenders: [] }), { peer: refuses }),
    'sync-remove-lost',
  ],
  [
    'then confirms the key before PostgreSQL waits for less',
    aView(aPrimary({ walsenders: [] }), { state: exposed, peer: refuses, memory: { confirmedSyncRevision: null } }),
    'sync-confirm',
  ],
  [
    'then lets PostgreSQL wait for less',
    aView(aPrimary({ walsenders: [] }), { state: exposed, peer: refuses }),
    'wait-for-fewer',
  ],
  [
    'makes commits wait for a standby that streams',
    aView(aPrimary({ waitsFor: [] }), { state: exposed }),
    'sync-add-wait',
  ],
  ['proves that they wait', aView(aPrimary(), { state: exposed }), 'sync-add-prove'],
  ['and only then names it', aView(aPrimary(), { state: exposed, memory: { proof } }), 'sync-add'],
  [
    'proves again what was proved in another term',
    aView(aPrimary(), { state: exposed, memory: { proof: { ...proof, term: revision(99) } } }),
    'sync-add-prove',
  ],
  [
    'proves again what another run of postgres showed',
    aView(aPrimary(), { state: exposed, memory: { proof: { ...proof, runId: 'run-0' } } }),
    'sync-add-prove',
  ],
  [
    'stops a proof whose standby has gone',
    aView(aPrimary({ walsenders: [] }), {
      state: exposed,
      view: {
        operation: {
          kind: 'busy',
          sinceMono: ago(50),
          progress: null,
          spec: { kind: 'prove-wait', standby: b, copyName: copyName(b, copyOf.b), term, names: [] },
        },
      },
    }),
    'abort-lost-proof',
  ],
  ['names nobody before the mode changes', aView(aPrimary(), { mode: 'off' }), 'mode-empty-sync'],
  ['then changes the mode in the key', aView(aPrimary(), { mode: 'off', state: exposed }), 'mode-change'],
  [
    'does not say strict while what PostgreSQL waits for is still being changed',
    aView(aPrimary(alone), {
      mode: 'strict',
      state: exposed,
      view: {
        operation: {
          kind: 'busy',
          spec: { kind: 'wait-for', names: [], nobody: false },
          sinceMono: ago(900),
          progress: null,
        },
      },
    }),
    'lead-exposed',
  ],
  [
    'adds a second standby without dropping the one that is being added',
    aView(
      aPrimary({
        waitsFor: ['baton_c_cccccccc'],
        walsenders: [aSender({ applicationName: 'baton_c_cccccccc', slotName: 'baton_c' }), aSender()],
      }),
      {
        state: {
          ...exposed,
          members: new Map([
            [b, present(record('b'))],
            [memberName('c'), present(record('b', { name: memberName('c'), copyId: copyId('cccccccc') }))],
          ]),
        },
        memory: { furnishedFor: [b, memberName('c')] },
      },
    ),
    'sync-add-wait',
  ],
  ['enters its promotion into the history', aView(aPrimary(), { memory: { promotion } }), 'write-history'],
  ['makes a checkpoint on its new timeline', aView(aPrimary({ timeline: timeline(2) })), 'checkpoint-promoted'],
  ['furnishes roles and slots', aView(aPrimary({ furnished: false })), 'furnish'],
  [
    'refuses a request that was decided on another term',
    aView(aPrimary(), { state: { request: present(aRequest({ term: revision(7) })) } }),
    'request-refused',
  ],
  [
    'refuses a switchover while archiving fails: the shutdown would wait for it',
    aView(aPrimary({ archiverFails: true }), { state: { request: present(aRequest()) } }),
    'request-refused',
  ],
  [
    'refuses a switchover while a base backup is being taken',
    aView(aPrimary({ baseBackups: 1 }), { state: { request: present(aRequest()) } }),
    'request-refused',
  ],
  [
    'refuses a switchover to a member that does not stream',
    aView(aPrimary({ walsenders: [aSender({ state: 'catchup' })] }), { state: { request: present(aRequest()) } }),
    'request-refused',
  ],
  [
    'makes a checkpoint before a switchover',
    aView(aPrimary(), { state: { request: present(aRequest()) } }),
    'switchover-checkpoint',
  ],
  [
    'then stops fast',
    aView(aPrimary(), { state: { request: present(aRequest()) }, memory: { checkpointedRequest: 'r1' } }),
    'switchover-stop',
  ],
  [
    'then hands over with the shutdown position',
    aView(stopped({ clusterState: 'shut down' }), {
      guardian: childless(true),
      state: { request: present(aRequest()) },
    }),
    'switchover-hand-over',
  ],
  [
    'rolls back when the candidate is gone',
    aView(stopped({ clusterState: 'shut down' }), {
      guardian: childless(true),
      peer: silent,
      state: { request: present(aRequest()) },
    }),
    'switchover-roll-back',
  ],
  [
    'ends a request that has come true',
    aView(aPrimary(), { state: { request: present(aRequest({ leader: b, candidate: a })) } }),
    'request-done',
  ],
  [
    "leads on while a forced failover's candidate acts",
    aView(aPrimary(), { state: { request: present(aRequest({ kind: 'failover' })) } }),
    'lead',
  ],
  [
    'removes a lost standby while a forced failover is pending',
    aView(aPrimary({ walsenders: [] }), { peer: refuses, state: { request: present(aRequest({ kind: 'failover' })) } }),
    'sync-remove-lost',
  ],
  [
    'stops for a forced failover to a member that may lack commits',
    aView(aPrimary(), { state: { ...exposed, request: present(aRequest({ kind: 'failover', allowDataLoss: true })) } }),
    'forced-stop',
  ],
  [
    'then hands it the key',
    aView(stopped({ clusterState: 'shut down' }), {
      guardian: childless(true),
      state: { ...exposed, request: present(aRequest({ kind: 'failover', allowDataLoss: true })) },
    }),
    'forced-hand-over',
  ],
  [
    'ends a request that nobody carried out',
    aView(aPrimary(), {
      state: { request: present(aRequest({ kind: 'failover' })) },
      memory: { requestSeen: { id: 'r1', atMono: ago(61_000) } },
    }),
    'request-refused',
  ],
];

const theirs: readonly Row[] = [
  [
    'makes a standby an ordinary one again when its promotion was given up',
    aView(aStandby({ armed: true }), { state: followsB }),
    'stand-down',
  ],
  ['follows', aView(aStandby(), { state: followsB }), 'follow'],
  ['follows on while etcd is silent', aView(aStandby(), { state: followsB, unreachable: true }), 'follow-blind'],
  ['fences a primary that does not hold the key', aView(aPrimary(), { state: followsB }), 'fence-not-leader'],
  [
    'fences a postgres that still starts as a primary',
    aView({ kind: 'starting', sinceMono: ago(50) }, { state: followsB }),
    'fence-not-leader',
  ],
  [
    'leaves an unusable directory alone',
    aView({ kind: 'unusable', problem: 'PG_VERSION 12' }, { guardian: childless(), state: followsB }),
    'hold-unusable',
  ],
  [
    'takes over from a host that refuses everything',
    aView(aStandby({ receiverGoneSinceMono: ago(150), streamingFrom: null }), { state: followsB, peer: refuses }),
    'take-over',
  ],
  [
    'does not take over on looks that its own server no longer answers',
    aView(aStandby({ receiverGoneSinceMono: ago(2_500), streamingFrom: null, seenMono: ago(2_000) }), {
      state: followsB,
      peer: refuses,
    }),
    'follow',
  ],
  [
    'takes over from a host that is silent',
    aView(aStandby({ receivedChangedMono: ago(1_100) }), { state: followsB, peer: silent }),
    'take-over',
  ],
  [
    'does not take over again after repeated failovers that nobody has looked at',
    aView(aStandby({ receivedChangedMono: ago(1_100) }), {
      state: { ...followsB, history: present(failovers(3)) },
      peer: silent,
    }),
    'hold-cooldown',
  ],
  [
    'takes over when the failovers before were looked at',
    aView(aStandby({ receivedChangedMono: ago(1_100) }), {
      state: { ...followsB, history: present(failovers(3)), cooldown: lookedAt(4) },
      peer: silent,
    }),
    'take-over',
  ],
  [
    'takes over when switchovers are what was frequent',
    aView(aStandby({ receivedChangedMono: ago(1_100) }), {
      state: { ...followsB, history: present(failovers(3, 'switchover: kim@ops: kernel update')) },
      peer: silent,
    }),
    'take-over',
  ],
  [
    'takes over when the failovers are older than the window',
    aView(aStandby({ receivedChangedMono: ago(1_100) }), {
      state: { ...followsB, history: present(failovers(3, 'failover', '2025-12-31T22:59:00.000Z')) },
      peer: silent,
    }),
    'take-over',
  ],
  [
    'carries a forced failover out after repeated ones',
    aView(aStandby(), {
      state: {
        ...followsB,
        history: present(failovers(3)),
        request: present(aRequest({ kind: 'failover', leader: b, candidate: a })),
      },
    }),
    'forced-take-over',
  ],
  [
    'does not take over while its own disk is full',
    aView(aStandby({ receivedChangedMono: ago(1_100) }), { state: followsB, peer: silent, view: { room: fullDisk } }),
    'follow',
  ],
  ['does not take over while the stream goes on', aView(aStandby(), { state: followsB, peer: refuses }), 'follow'],
  [
    'does not take over while a planned stop is announced',
    aView(aStandby({ receiverGoneSinceMono: ago(150), streamingFrom: null }), {
      state: { ...followsB, request: present(aRequest({ leader: b, candidate: a })) },
      peer: refuses,
    }),
    'follow',
  ],
  [
    'does not take over when sync does not name it',
    aView(aStandby({ receiverGoneSinceMono: ago(150), streamingFrom: null }), {
      state: { ...followsB, ...diverged },
      peer: refuses,
    }),
    'follow',
  ],
  [
    'never takes over early in mode off',
    aView(aStandby({ receiverGoneSinceMono: ago(150), streamingFrom: null }), {
      state: { ...followsB, sync: present(sync(b, [], { mode: 'off' })) },
      peer: refuses,
    }),
    'follow',
  ],
  [
    'takes over when an operator asked for it',
    aView(aStandby(), {
      state: { ...followsB, request: present(aRequest({ kind: 'failover', leader: b, candidate: a })) },
    }),
    'forced-take-over',
  ],
  [
    'refuses a forced failover that may lose commits',
    aView(aStandby(), {
      state: { ...followsB, ...diverged, request: present(aRequest({ kind: 'failover', leader: b, candidate: a })) },
    }),
    'request-refused',
  ],
  [
    'loses commits when the operator allows it',
    aView(aStandby(), {
      state: {
        ...followsB,
        ...diverged,
        request: present(
          aRequest({ kind: 'failover', leader: b, candidate: a, allowDataLoss: true, oldPrimaryIsFenced: true }),
        ),
      },
    }),
    'forced-take-over',
  ],
  [
    'lets the old leader stop first when nobody said that it is off',
    aView(aStandby(), {
      state: {
        ...followsB,
        ...diverged,
        request: present(aRequest({ kind: 'failover', leader: b, candidate: a, allowDataLoss: true })),
      },
    }),
    'follow',
  ],
  [
    'resumes replay that was left paused',
    aView(aStandby({ replayPausedSinceMono: ago(600) }), { state: followsB }),
    'resume-replay',
  ],
  ['follows a new leader', aView(aStandby({ follows: a }), { state: followsB }), 'follow-new-leader'],
  [
    'waits until the new leader serves',
    aView(aStandby({ follows: a }), {
      state: { ...followsB, members: new Map([[b, present(record('b'))]]) },
      peer: behind,
    }),
    'await-primary',
  ],
  [
    'examines the data of a standby that cannot stream from a serving leader',
    aView(aStandby({ receiverGoneSinceMono: ago(6_000), streamingFrom: null }), { state: followsB }),
    'stop-stuck-standby',
  ],
  [
    'clones when it has no data',
    aView({ kind: 'absent' }, { guardian: childless(), state: { ...followsB, ...diverged } }),
    'clone',
  ],
  [
    'examines old data against the new leader',
    aView(stopped(), { guardian: childless(), state: { ...followsB, ...diverged } }),
    'rejoin',
  ],
  [
    'starts what was made ready to follow',
    aView(stopped({ standbySignal: true }), {
      guardian: childless(),
      state: { ...followsB, ...diverged },
      memory: { preparedFor: { leader: b, term } },
    }),
    'start-standby',
  ],
  [
    'does not start what was made ready for an earlier leader',
    aView(stopped({ standbySignal: true }), {
      guardian: childless(),
      state: { ...followsB, ...diverged },
      memory: { preparedFor: { leader: b, term: revision(99) } },
    }),
    'rejoin',
  ],
  [
    'restarts a standby that sync still names',
    aView(stopped({ standbySignal: true }), { guardian: childless(), state: followsB }),
    'restart-standby',
  ],
  [
    'starts it at once after one end: that may have been chance',
    aView(stopped({ standbySignal: true }), {
      guardian: childless(),
      state: followsB,
      memory: { failedStarts: failedStarts(1, 10) },
    }),
    'restart-standby',
  ],
  [
    'starts one that does not stay up ever less often',
    aView(stopped({ standbySignal: true }), {
      guardian: childless(),
      state: followsB,
      memory: { failedStarts: failedStarts(2, 10) },
    }),
    'retry-standby',
  ],
  [
    'forgets that once it has stayed up',
    aView(stopped({ standbySignal: true }), {
      guardian: childless(),
      state: followsB,
      memory: { failedStarts: failedStarts(9, 15_000) },
    }),
    'restart-standby',
  ],
  [
    'waits to be removed from sync before its copy is made anew',
    aView(stopped({ unstartable: 'rewind interrupted' }), { guardian: childless(), state: followsB }),
    'await-sync-removal',
  ],
];

const nobodys: readonly Row[] = [
  [
    'creates a cluster where there is nothing',
    aView({ kind: 'absent' }, { guardian: childless(), state: { ...noLeader, initialize: absent, sync: absent } }),
    'win-bootstrap',
  ],
  [
    'does not try again at once to create a cluster',
    aView(
      { kind: 'absent' },
      {
        guardian: childless(),
        state: { ...noLeader, initialize: absent, sync: absent },
        view: { operation: failedInitdb(1_000) },
      },
    ),
    'await-leader',
  ],
  [
    'touches nothing when etcd knows no cluster and there is data',
    aView(stopped(), { guardian: childless(), state: { ...noLeader, initialize: absent, sync: absent } }),
    'hold-foreign-data',
  ],
  ['waits for a lease', aView(aStandby(), { state: noLeader, guardian: { lease: { kind: 'none' } } }), 'await-lease'],
  [
    'holds when nobody can tell who has every commit',
    aView(aStandby(), { state: { ...noLeader, sync: absent } }),
    'hold-malformed',
  ],
  [
    'takes no free key while its disk is full: the promotion would fail',
    aView(aStandby(), { state: { ...followsB, ...noLeader }, view: { room: fullDisk } }),
    'await-room',
  ],
  [
    'leaves a free key alone after repeated failovers that nobody has looked at',
    aView(aStandby(), { leaderAbsentMs: 1_100, state: { ...followsB, ...noLeader, history: present(failovers(3)) } }),
    'hold-cooldown',
  ],
  [
    'takes its own key back after repeated failovers: that moves nothing',
    aView(aPrimary(), { state: { ...noLeader, history: present(failovers(3)) } }),
    'campaign',
  ],
  [
    'takes a free key when sync names it and the last leader serves no more',
    aView(aStandby(), { state: { ...followsB, ...noLeader }, peer: refuses }),
    'campaign',
  ],
  [
    'leaves a free key for a second to the last leader, which serves still',
    aView(aStandby(), { leaderAbsentMs: 1_050, state: { ...followsB, ...noLeader } }),
    'yield-campaign',
  ],
  [
    'takes a free key that the last leader, which serves still, did not take back',
    aView(aStandby(), { leaderAbsentMs: 1_100, state: { ...followsB, ...noLeader } }),
    'campaign',
  ],
  [
    'leaves a free key to the last leader, which serves still, for as long as etcd stands still',
    aView(aStandby(), { leaderAbsentMs: 9_000, readMs: 8_900, unreachable: true, state: { ...followsB, ...noLeader } }),
    'yield-campaign',
  ],
  [
    'takes a free key at once when the stream has ended',
    aView(aStandby({ streamingFrom: null, receiverGoneSinceMono: ago(5) }), { state: { ...followsB, ...noLeader } }),
    'campaign',
  ],
  [
    'takes a free key at once when the last leader says that it is no primary any more',
    aView(aStandby(), { state: { ...followsB, ...noLeader }, peer: { ...answers, report: ofNoPrimary } }),
    'campaign',
  ],
  [
    'lets the better placed of two go first',
    aView(aStandby(), {
      state: { ...followsB, ...noLeader, members: new Map([[b, present(record('b', { lsn: lsn(0x6000000n) }))]]) },
    }),
    'yield-campaign',
  ],
  [
    'waits for the last leader after a cold start',
    aView(stopped({ standbySignal: true }), {
      guardian: childless(),
      leaderAbsentMs: 500,
      state: { ...followsB, ...noLeader, members: new Map() },
    }),
    'cold-start-wait',
  ],
  [
    'leads after the wait',
    aView(stopped({ standbySignal: true }), {
      guardian: childless(),
      leaderAbsentMs: 10_500,
      state: { ...followsB, ...noLeader, members: new Map() },
    }),
    'campaign',
  ],
  [
    'leads again at once after a cold start when it claimed last: nobody can have more',
    aView(stopped(), { guardian: childless(), leaderAbsentMs: 500, state: { ...noLeader, members: new Map() } }),
    'campaign',
  ],
  [
    'leaves the key to a standby that streams still: its promotion is faster than a recovery',
    aView(stopped(), { guardian: childless(), leaderAbsentMs: 500, state: noLeader }),
    'yield-campaign',
  ],
  [
    'does not lead when sync does not name it',
    aView(aStandby(), { state: { ...noLeader, ...diverged } }),
    'await-leader',
  ],
  [
    "waits for the old leader's own deadline in mode off",
    aView(aStandby(), { mode: 'off', state: { ...noLeader, sync: present(sync(b, [], { mode: 'off' })) } }),
    'await-old-deadline',
  ],
  [
    'takes the key after it in mode off',
    aView(aStandby(), {
      mode: 'off',
      leaderAbsentMs: 6_000,
      state: { ...noLeader, sync: present(sync(b, [], { mode: 'off' })), members: new Map() },
    }),
    'campaign',
  ],
  [
    'holds in mode off when nobody knows how far the old leader was',
    aView(aStandby(), {
      mode: 'off',
      leaderAbsentMs: 6_000,
      peer: behind,
      state: { ...noLeader, sync: present(sync(b, [], { mode: 'off' })), members: new Map() },
    }),
    'hold-lag',
  ],
  [
    'fences a standby that was promoted by hand while nobody leads',
    aView(aPrimary(), { state: { ...followsB, ...noLeader } }),
    'fence-unclaimed',
  ],
  [
    'obeys a forced failover when nobody leads',
    aView(aStandby(), {
      state: {
        ...noLeader,
        ...diverged,
        request: present(
          aRequest({ kind: 'failover', leader: null, candidate: a, allowDataLoss: true, oldPrimaryIsFenced: true }),
        ),
      },
    }),
    'forced-take-over',
  ],
  [
    'begins a forced failover once its data is not being made ready to follow another any more',
    aView(stopped(), {
      guardian: childless(),
      state: {
        ...noLeader,
        ...diverged,
        request: present(
          aRequest({ kind: 'failover', leader: null, candidate: a, allowDataLoss: true, oldPrimaryIsFenced: true }),
        ),
      },
      view: {
        operation: {
          kind: 'busy',
          spec: { kind: 'rejoin', leader: b, term, copyId: copyOf.a },
          sinceMono: ago(200),
          progress: null,
        },
      },
    }),
    'await-leader',
  ],
  [
    'refuses one that does not say that the old primary is off',
    aView(aStandby(), {
      state: {
        ...noLeader,
        ...diverged,
        request: present(aRequest({ kind: 'failover', leader: null, candidate: a, allowDataLoss: true })),
      },
    }),
    'request-refused',
  ],
  [
    'does not lead with data that must not be started',
    aView(stopped({ unstartable: 'rewind interrupted' }), {
      guardian: childless(),
      leaderAbsentMs: 20_000,
      state: noLeader,
    }),
    'hold-unusable',
  ],
  [
    'holds in mode off when too far behind',
    aView(aStandby(), {
      mode: 'off',
      leaderAbsentMs: 6_000,
      state: {
        ...noLeader,
        sync: present(sync(b, [], { mode: 'off' })),
        members: new Map([[b, present(record('b', { lsn: lsn(0x9000000n) }))]]),
      },
    }),
    'hold-lag',
  ],
  [
    'goes by what the key of the old leader told while it was there, in mode off',
    aView(aStandby(), {
      mode: 'off',
      leaderAbsentMs: 6_000,
      peer: behind,
      state: { ...noLeader, sync: present(sync(b, [], { mode: 'off' })), members: new Map() },
      view: { toldLsn: new Map([[b, lsn(0x5000000n)]]) },
    }),
    'campaign',
  ],
  [
    'leaves a key that it gave up for its hung disk to the others, in mode off',
    aView(stopped(), {
      mode: 'off',
      state: { ...noLeader, ...off },
      guardian: childless(true),
      memory: { walEnd: endedAhead(0), diskHung: true },
    }),
    'yield-campaign',
  ],
  [
    'takes it itself when nobody did',
    aView(stopped(), {
      mode: 'off',
      leaderAbsentMs: 6_500,
      state: { ...noLeader, ...off },
      guardian: childless(true),
      memory: { walEnd: endedAhead(0), diskHung: true },
    }),
    'campaign',
  ],
  [
    'fences when the key and the deadline are gone',
    aView(aPrimary(alone), {
      mode: 'off',
      state: { ...noLeader, ...off },
      guardian: { lease: { kind: 'gone', leaseId: leaseOf.a } },
    }),
    'fence-deadline',
  ],
];

const observing = (view: View): View => ({ ...view, self: { ...view.self, role: 'observer' } });
const ofAnObserver: readonly Row[] = [
  ['is nothing while somebody leads', observing(aView({ kind: 'absent' })), 'observe'],
  ['is nothing while nobody does', observing(aView({ kind: 'absent' }, { state: noLeader })), 'observe'],
  ['is nothing, even if it had a primary and the key', observing(aView(aPrimary())), 'observe'],
];

const tables = {
  'an observer': ofAnObserver,
  'whoever leads': whoeverLeads,
  'the key is ours, postgres at rest': oursAtRest,
  'ours, in recovery': oursInRecovery,
  'ours, and primary': oursAndPrimary,
  'somebody else leads': theirs,
  'nobody leads': nobodys,
};

for (const [title, rows] of Object.entries(tables)) {
  describe(title, () => {
    test.each(rows)('%s', (_says, view, rule) => {
      expect(decide(view).rule).toBe(rule);
    });
  });
}

test('every rule has a row', () => {
  const hit = new Set(
    Object.values(tables)
      .flat()
      .map(([, , rule]) => rule),
  );
  expect(RULES.filter((rule) => !hit.has(rule))).toEqual([]);
});

describe('an observer in the cluster', () => {
  /** Its key says all that would make it the best candidate, the nearest standby and a member that serves. */
  const o = memberName('a-observer');
  const lies = record('b', {
    ...{ name: o, role: 'observer', state: 'streaming', priority: 1_000, leaseId: leaseId('33') },
    ...{ timeline: timeline(99), lsn: lsn(0xf0000000n), replayLsn: lsn(0xf0000000n), fencedTerm: null },
  });
  const beside = (view: View): View =>
    view.coordinator.kind === 'never-read'
      ? view
      : {
          ...view,
          peers: new Map([...view.peers, [o, answers]]),
          coordinator: {
            ...view.coordinator,
            state: {
              ...view.coordinator.state,
              members: new Map([[o, present(lies)], ...view.coordinator.state.members]),
            },
          },
        };

  test.each(Object.values(tables).flat())('changes no decision: %s', (_says, view) => {
    expect(decide(beside(view))).toEqual(decide(view));
  });

  test('is nobody to hand over to, even where sync names it', () => {
    const state = { ...exposed, sync: present(sync(a, [o], { copies: { a: copyOf.a, [o]: copyOf.b } })) };
    const dead = beside(aView(stopped(), { guardian: childless(), state }));
    expect(decide(dead).rule).toBe(decide(aView(stopped(), { guardian: childless(), state })).rule);
    expect(decide(dead).intents.some((intent) => intent.kind === 'commit' && intent.purpose === 'hand-over')).toBe(
      false,
    );
  });

  test('is not handed the key by a forced failover either', () => {
    const request = aRequest({ kind: 'failover', candidate: o, allowDataLoss: true, oldPrimaryIsFenced: true });
    for (const postgres of [aPrimary(), stopped()]) {
      const decision = decide(beside(aView(postgres, { state: { request: present(request) } })));
      const txns = decision.intents.flatMap((intent) => (intent.kind === 'commit' ? [intent.txn] : []));
      expect(txns.flatMap(({ writes }) => writes)).not.toContainEqual(expect.objectContaining({ value: o }));
    }
  });
});

test('a transaction that writes leader or sync compares both revisions', () => {
  const commits = Object.values(tables)
    .flat()
    .flatMap(([, view]) => decide(view).intents.flatMap((intent) => (intent.kind === 'commit' ? [intent.txn] : [])));
  const writers = commits.filter((txn) => txn.writes.some((write) => write.key === 'leader' || write.key === 'sync'));
  expect(writers.length).toBeGreaterThan(10);
  for (const txn of writers)
    expect(txn.compares.map((compare) => compare.key)).toEqual(expect.arrayContaining(['leader', 'sync']));
});

test('a leader whose guardian is gone too kills what its postmaster left, and hands over in the same turn', () => {
  const exited = { kind: 'exited', exit: anExit() } as const;
  const decision = decide(aView(aPrimary(), { guardian: { connected: false, child: exited } }));
  expect(decision.rule).toBe('hand-over-dead-postgres');
  expect(decision.intents.map(({ kind }) => kind)).toEqual(['fence', 'commit']);
});

test('nothing is begun while a transaction or an operation is under way', () => {
  const busy = aView(aStandby(), {
    state: exposed,
    memory: { committing: 'claim' },
    view: { operation: { kind: 'busy', spec: { kind: 'resume-replay' }, sinceMono: ago(5), progress: null } },
  });
  expect(decide(busy).intents.filter((intent) => intent.kind === 'operate' || intent.kind === 'commit')).toEqual([]);
});

test.each([
  [2, 400, 0],
  [2, 600, 1],
  [9, 4_900, 0],
  [9, 5_100, 1],
])('a standby that failed %i times, the newest %i ms ago, is started %i times', (count, agoMs, begun) => {
  const decision = decide(
    aView(stopped({ standbySignal: true }), {
      guardian: childless(),
      state: followsB,
      memory: { failedStarts: failedStarts(count, agoMs) },
    }),
  );
  expect(decision.rule).toBe('retry-standby');
  expect(decision.intents.filter((intent) => intent.kind === 'operate')).toHaveLength(begun);
});

test.each([
  [40, false, 0],
  [60, false, 1],
  [200, true, 0],
  [260, true, 1],
])('%i ms after a transaction failed, etcd out of reach: %s, the same is sent %i times', (agoMs, unreachable, sent) => {
  const memory = { commitFailed: { purpose: 'hand-over', atMono: ago(agoMs) } };
  const decision = decide(aView(stopped(), { guardian: childless(), unreachable, memory }));
  expect(decision.rule).toBe('hand-over-dead-postgres');
  expect(decision.intents.filter((intent) => intent.kind === 'commit')).toHaveLength(sent);
});

const waitFor = { waitFor: [], waitForNobody: false };
test.each<readonly [OperationSpec, boolean]>([
  [{ kind: 'start', as: 'primary', term, admits: 'everybody', ...waitFor }, true],
  [{ kind: 'start', as: 'standby', follow: b }, false],
  [{ kind: 'rejoin', leader: b, term, copyId: copyOf.a }, false],
  [{ kind: 'clone', leader: b, term, copyId: copyOf.a }, false],
])('%o is aborted when automation becomes held: %s', (spec, aborted) => {
  const operation = { kind: 'busy', spec, sinceMono: ago(5), progress: null } as const;
  const decision = decide(
    aView(stopped(), { guardian: childless(), memory: { held: [restored] }, view: { operation } }),
  );
  expect(decision.rule).toBe('hold');
  expect(decision.intents.some((intent) => intent.kind === 'abort-operation')).toBe(aborted);
});

test('a promotion under way when automation becomes held is fenced: PostgreSQL takes none back', () => {
  const spec = { kind: 'promote', term, timeline: timeline(2), waitForNobody: false } as const;
  const operation = { kind: 'busy', spec, sinceMono: ago(5), progress: null } as const;
  const decision = decide(aView(aStandby(), { memory: { held: [restored] }, view: { operation } }));
  expect(decision.rule).toBe('fence-held');
  expect(decision.intents.map(({ kind }) => kind)).toEqual(['fence']);
  const last = { spec, atMono: ago(5), outcome: { ok: false, problem: 'aborted' } } as const;
  const given = (postgres: View['postgres']) =>
    decide(aView(postgres, { memory: { held: [restored] }, view: { operation: { kind: 'idle', last } } })).rule;
  expect([given(aStandby()), given(stopped())]).toEqual(['fence-held', 'hold']);
});

test('a held leader is guarded in the term that it led, so that its guardian hears of its proofs', () => {
  const gone = { guardian: { lease: { kind: 'gone', leaseId: leaseOf.a } } } as const;
  const held = { held: [restored] };
  expect(decide(aView(aPrimary(), { ...gone, memory: held })).intents).toEqual([{ kind: 'guard', term }]);
  const led = aView(aPrimary(), { ...gone, state: { leader: absent }, memory: { ...held, lastLedTerm: term } });
  expect(decide(led).intents).toEqual([{ kind: 'guard', term }]);
});

describe('a primary without the leader key', () => {
  const claimed = { sync: present(sync(a, [b])) };
  const led = { memory: { lastLedTerm: term } };
  const told = (view: View) => decide(view).intents.filter(({ kind }) => kind === 'guard');

  test('has its guardian told of every proof, by which it serves on', () => {
    expect(told(aView(aPrimary(), { ...led, state: { ...noLeader, ...claimed } }))).toEqual([{ kind: 'guard', term }]);
    const dead = aView(aPrimary(), { ...led, state: { leader: ledBy('a', leaseOf.b), ...claimed } });
    expect(decide(dead).rule).toBe('await-lease');
    expect(told(dead)).toEqual([{ kind: 'guard', term }]);
  });

  test('has its guardian told nothing when it never led, or another member claimed since', () => {
    expect(told(aView(aPrimary(), { state: { ...noLeader, ...claimed } }))).toEqual([]);
    expect(told(aView(aPrimary(), { ...led, state: { ...followsB, ...noLeader } }))).toEqual([]);
  });
});

test('no operation is begun on a look that is older than the end of the last one', () => {
  const last = {
    spec: { kind: 'checkpoint', request: null },
    atMono: ago(10),
    outcome: { ok: true, value: { kind: 'done' } },
  } as const;
  const decision = decide(
    aView(aPrimary({ furnished: false, seenMono: ago(20) }), { view: { operation: { kind: 'idle', last } } }),
  );
  expect(decision.rule).toBe('furnish');
  expect(decision.intents.filter((intent) => intent.kind === 'operate')).toEqual([]);
});

test.each([
  [50, 0],
  [150, 1],
])('a proof that came too early is made again after 100 ms (asked %i ms later: %i operations)', (agoMs, begun) => {
  const names = [copyName(b, copyOf.b)];
  const last = {
    spec: { kind: 'prove-wait', standby: b, copyName: copyName(b, copyOf.b), term, names },
    atMono: ago(agoMs),
    outcome: { ok: false, problem: 'the commit did not wait' },
  } as const;
  const decision = decide(
    aView(aPrimary({ seenMono: ago(10) }), { state: exposed, view: { operation: { kind: 'idle', last } } }),
  );
  expect(decision.rule).toBe('sync-add-prove');
  expect(decision.intents.filter((intent) => intent.kind === 'operate')).toHaveLength(begun);
});
