/** Views of one healthy pair, slough-a leading and reading-b its synchronous standby, with changes. */
import { readSharedPolicy } from '../../src/config/shared.ts';
import type { ClusterState, Key, MemberRecord, SyncKey } from '../../src/core/cluster.ts';
import {
  copyId,
  leaseId,
  type MemberName,
  memberName,
  monoMs,
  parseLsn,
  revision,
  timeline,
  wallMs,
} from '../../src/core/units.ts';
import type { PrimaryView, StandbyView } from '../../src/core/postgres-view.ts';
import type { View } from '../../src/core/view.ts';

export const now = monoMs(100_000);
export const wall = wallMs(Date.parse('2008-04-24T08:15:00.000Z'));
export const slough = memberName('slough-a');
export const reading = memberName('reading-b');
const copies = { 'slough-a': copyId('aaaaaaaa'), 'reading-b': copyId('bbbbbbbb') };
const leases = { 'slough-a': leaseId('11'), 'reading-b': leaseId('22') };

const parsed = readSharedPolicy('{}');
if (!parsed.ok) throw new Error(parsed.error);
export const policy = parsed.value;

const running = {
  systemIdentifier: '7301234567890123456',
  serverVersion: 150_012,
  runId: '2008-04-24 08:00:00+00',
  timeline: timeline(3),
  seenMono: now,
  failingSinceMono: null,
  failingSilently: false,
} as const;

export const primary: PrimaryView = {
  kind: 'primary',
  ...running,
  copyId: copies['slough-a'],
  currentLsn: parseLsn('0/5000148'),
  waitsFor: ['baton_reading-b_bbbbbbbb'],
  waitsForNobody: false,
  waitsRuledBy: null,
  walsenders: [
    {
      applicationName: 'baton_reading-b_bbbbbbbb',
      state: 'streaming',
      syncState: 'sync',
      syncPriority: 1,
      flushLsn: parseLsn('0/5000048'),
      replayLsn: parseLsn('0/5000048'),
      flushChangedMono: now,
      slotName: 'baton_reading_b',
    },
  ],
  archiverFails: false,
  baseBackups: 0,
  admits: 'everybody',
  furnished: true,
  checkpointTimeline: timeline(3),
  probe: { ackedSentMono: now, provedSentMono: now, pendingSinceMono: null, stuckSinceMono: null, seenWaiting: true },
};

export const standby: StandbyView = {
  kind: 'standby',
  ...running,
  copyId: copies['reading-b'],
  receivedLsn: parseLsn('0/5000148'),
  replayLsn: parseLsn('0/5000048'),
  receivedChangedMono: now,
  replayPausedSinceMono: null,
  streamingFrom: '127.0.0.11:5432',
  receiverGoneSinceMono: null,
  follows: slough,
  replayedCommitWall: null,
  armed: false,
};

export const present = <T>(value: T, at = 40): Key<T> => ({ kind: 'present', value, modRevision: revision(at) });
export const absent = { kind: 'absent' } as const;

export const aSync = (but: Partial<SyncKey> = {}): Key<SyncKey> =>
  present({ leader: slough, standbys: [reading], mode: 'available', copies, ...but });

export function aRecord(name: MemberName, but: Partial<MemberRecord> = {}): Key<MemberRecord> {
  const first = name === slough;
  return present({
    name,
    host: first ? '127.0.0.11' : '127.0.0.12',
    port: 5432,
    apiUrl: `http://127.0.0.${first ? 11 : 12}:8008`,
    role: first ? 'primary' : 'replica',
    state: first ? 'running' : 'streaming',
    version: '0.1.0',
    protocol: 1,
    serverVersion: 150_012,
    location: first ? 'slough' : 'reading',
    priority: 100,
    tags: {},
    leaseId: first ? leases['slough-a'] : leases['reading-b'],
    copyId: first ? copies['slough-a'] : copies['reading-b'],
    timeline: timeline(3),
    lsn: parseLsn('0/5000148'),
    replayLsn: null,
    divergedKept: null,
    freeBytes: null,
    restartingUntil: null,
    fencedTerm: null,
    ...but,
  });
}

export const aState = (but: Partial<ClusterState> = {}): ClusterState => ({
  revision: revision(50),
  etcdClusterId: 'c0ffee',
  leader: present({ member: slough, leaseId: leases['slough-a'] }, 39),
  sync: aSync(),
  initialize: present('7301234567890123456'),
  config: present(policy),
  history: present([]),
  cooldown: { kind: 'absent' },
  predecessor: { kind: 'absent' },
  timeline: { kind: 'absent' },
  request: absent,
  members: new Map([
    [slough, aRecord(slough)],
    [reading, aRecord(reading)],
  ]),
  ...but,
});

export const read = (
  state: ClusterState,
  unreachableSinceMono: View['nowMono'] | null = null,
): View['coordinator'] => ({
  kind: 'read',
  state,
  confirmedMono: now,
  answeredMono: now,
  unreachableSinceMono,
  reachedMono: now,
  leaderAbsentSinceMono: null,
});

export const held = (name: 'slough-a' | 'reading-b', confirmedAgoMs = 100): View['guardian']['lease'] => ({
  kind: 'held',
  leaseId: leases[name],
  ttlMs: 5_000,
  confirmedSentMono: monoMs(now - confirmedAgoMs),
});

/** The leader's view. */
export const leaderView = (but: Partial<View> = {}): View => aView(slough, primary, but);
/** The standby's view. */
export const standbyView = (but: Partial<View> = {}): View => aView(reading, standby, but);

function aView(name: MemberName, postgres: View['postgres'], but: Partial<View>): View {
  return {
    nowMono: now,
    room: null,
    nowWall: wall,
    self: {
      name,
      location: name === slough ? 'slough' : 'reading',
      priority: 100,
      nofailover: false,
      nosync: false,
      configText: '{}',
      startedMono: monoMs(0),
    },
    policy,
    coordinator: read(aState()),
    guardian: {
      connected: true,
      refused: null,
      sinceMono: monoMs(0),
      lease: held(name === slough ? 'slough-a' : 'reading-b'),
      child: { kind: 'running', pid: 1, startedMono: monoMs(0), startedAs: name === slough ? 'primary' : 'standby' },
    },
    postgres,
    peers: new Map(),
    toldLsn: new Map(),
    addresses: new Map(),
    operation: { kind: 'idle', last: null },
    memory: {
      confirmedSyncRevision: null,
      committing: null,
      leadingSinceMono: null,
      lastLedTerm: null,
      overtakenBy: null,
      wallJumpedMono: null,
      divergedKept: null,
      proof: null,
      crashes: [],
      walEnd: null,
      diskHung: false,
      failedStarts: null,
      held: [],
      nextCopyId: copyId('cccccccc'),
      initializedCopyId: null,
      preparedFor: null,
      checkpointedRequest: null,
      promotion: null,
      furnishedFor: [],
      promotedMono: null,
      syncRemovedMono: null,
      requestSeen: null,
      commitFailed: null,
      remoteFence: { kind: 'none' },
    },
    ...but,
  };
}
