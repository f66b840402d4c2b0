/** Builds small views for the decision tables: a healthy pair, seen from `a`, with only what a row changes. */
import type {
  ClusterState,
  Key,
  LeaderKey,
  MemberRecord,
  OperatorRequest,
  SharedConfig,
  SyncKey,
} from '../../src/core/cluster.ts';
import { copyName } from '../../src/core/copy-name.ts';
import {
  copyId,
  leaseId,
  lsn,
  type MemberName,
  memberName,
  monoMs,
  revision,
  timeline,
  wallMs,
} from '../../src/core/units.ts';
import type {
  WriteProbeView,
  DataDirectory,
  PrimaryView,
  StandbyView,
  Walsender,
} from '../../src/core/postgres-view.ts';
import type { GuardianView, MemoryView, PeerView, View } from '../../src/core/view.ts';

/** Now, in every view: far enough from 0 for any age. */
export const now = 1_000_000;
export const ago = (ms: number) => monoMs(now - ms);
export const a = memberName('a');
export const b = memberName('b');
export const copyOf = { a: copyId('aaaaaaaa'), b: copyId('bbbbbbbb') } as const;
export const leaseOf = { a: leaseId('11'), b: leaseId('22') } as const;
export const term = revision(100);

export const policy: SharedConfig = {
  lease: { ttlMs: 5_000, heartbeatMs: 250, marginMs: 500 },
  guardian: { orphanMs: 10_000, silentMs: 2_000 },
  probe: { intervalMs: 1_000, deadlineMs: 500, doubtIntervalMs: 100, doubtDeadlineMs: 300, writeIntervalMs: 300 },
  failover: {
    hangMs: 1_500,
    streamSilenceMs: 1_000,
    refusedConfirmMs: 100,
    failsafeWindowMs: 1_500,
    coldStartWaitMs: 10_000,
    crashBudget: { count: 3, windowMs: 600_000 },
    cooldown: { count: 3, windowMs: 3_600_000 },
    maxLagBytes: 1024 ** 2,
  },
  synchronous: { mode: 'available' },
  fence: { remote: true },
};

export const present = <T>(value: T, at = revision(101)): Key<T> => ({ kind: 'present', value, modRevision: at });
export const absent = { kind: 'absent' } as const;
export const malformed = { kind: 'malformed', modRevision: revision(101), problem: 'sync: not JSON' } as const;

export const record = (name: 'a' | 'b', changes: Partial<MemberRecord> = {}): MemberRecord => ({
  name: memberName(name),
  host: `127.0.0.${name === 'a' ? 1 : 2}`,
  port: 5432,
  apiUrl: `http://127.0.0.${name === 'a' ? 1 : 2}:8008`,
  role: name === 'a' ? 'primary' : 'replica',
  state: name === 'a' ? 'running' : 'streaming',
  version: '0.1.0',
  protocol: 1,
  serverVersion: 15,
  location: 'slough',
  priority: 100,
  tags: {},
  leaseId: leaseOf[name],
  copyId: copyOf[name],
  timeline: timeline(1),
  lsn: lsn(0x5000000n),
  replayLsn: lsn(0x5000000n),
  divergedKept: null,
  freeBytes: null,
  restartingUntil: null,
  fencedTerm: null,
  ...changes,
});

export const sync = (leader: MemberName, standbys: readonly MemberName[], changes: Partial<SyncKey> = {}): SyncKey => ({
  leader,
  standbys,
  mode: 'available',
  copies: { a: copyOf.a, b: copyOf.b },
  ...changes,
});

export const ledBy = (name: 'a' | 'b', lease = leaseOf[name]): Key<LeaderKey> =>
  present({ member: memberName(name), leaseId: lease }, term);

export const aState = (changes: Partial<ClusterState> = {}): ClusterState => ({
  revision: revision(200),
  etcdClusterId: 'e1',
  leader: ledBy('a'),
  sync: present(sync(a, [b])),
  initialize: present('7000000000000000001'),
  config: present(policy),
  history: present([]),
  request: absent,
  cooldown: absent,
  predecessor: absent,
  timeline: present({ number: timeline(2), member: a, copyId: copyOf.a }, revision(1_000)),
  members: new Map([
    [a, present(record('a'))],
    [b, present(record('b'))],
  ]),
  ...changes,
});

export const aRequest = (changes: Partial<OperatorRequest> = {}): OperatorRequest => ({
  id: 'r1',
  kind: 'switchover',
  leader: a,
  term,
  candidate: b,
  by: 'kim@ops',
  reason: 'kernel update',
  requestedAt: '2026-01-01T00:00:00.000Z',
  allowDataLoss: false,
  oldPrimaryIsFenced: false,
  drill: false,
  shutdownLsn: null,
  ...changes,
});

export const aGuardian = (changes: Partial<GuardianView> = {}): GuardianView => ({
  connected: true,
  sinceMono: ago(60_000),
  refused: null,
  lease: { kind: 'held', leaseId: leaseOf.a, ttlMs: 5_000, confirmedSentMono: ago(100) },
  child: { kind: 'running', pid: 42, startedMono: ago(50_000), startedAs: 'primary' },
  ...changes,
});

/** The guardian of a member whose postgres is not running. */
export const childless = (requested = false): Partial<GuardianView> => ({
  child: { kind: 'none', lastExit: { atMono: ago(20), code: null, signal: 'SIGKILL', requested } },
});

export const aData = (changes: Partial<DataDirectory> = {}): DataDirectory => ({
  systemIdentifier: '7000000000000000001',
  serverVersion: 15,
  timeline: timeline(1),
  checkpointLsn: lsn(0x4000000n),
  lsn: lsn(0x5000000n),
  clusterState: 'in production',
  standbySignal: false,
  copyId: copyOf.a,
  unstartable: null,
  ...changes,
});

const running = {
  systemIdentifier: '7000000000000000001',
  serverVersion: 15,
  runId: 'run-1',
  timeline: timeline(1),
  seenMono: ago(50),
  failingSinceMono: null,
  failingSilently: true,
};

export const aSender = (changes: Partial<Walsender> = {}): Walsender => ({
  applicationName: copyName(b, copyOf.b),
  state: 'streaming',
  syncState: 'sync',
  syncPriority: 1,
  flushLsn: lsn(0x5000000n),
  replayLsn: lsn(0x5000000n),
  flushChangedMono: ago(100),
  slotName: 'baton_b',
  ...changes,
});

export const aPrimary = (changes: Partial<PrimaryView> = {}): PrimaryView => ({
  kind: 'primary',
  ...running,
  copyId: copyOf.a,
  currentLsn: lsn(0x5000000n),
  waitsFor: [copyName(b, copyOf.b)],
  waitsForNobody: false,
  waitsRuledBy: null,
  walsenders: [aSender()],
  admits: 'everybody',
  archiverFails: false,
  baseBackups: 0,
  furnished: true,
  checkpointTimeline: timeline(1),
  probe: aProbe(),
  ...changes,
});

export const aStandby = (changes: Partial<StandbyView> = {}): StandbyView => ({
  kind: 'standby',
  ...running,
  copyId: copyOf.a,
  receivedLsn: lsn(0x5000000n),
  replayLsn: lsn(0x5000000n),
  receivedChangedMono: ago(100),
  replayPausedSinceMono: null,
  streamingFrom: '127.0.0.2:5432',
  receiverGoneSinceMono: null,
  follows: b,
  replayedCommitWall: null,
  armed: false,
  ...changes,
});

const probe = (outcome: 'ok' | 'refused' | 'timed-out', sinceMs: number, count: number) => ({
  outcome,
  atMono: ago(20),
  sinceMono: ago(sinceMs),
  count,
});

export const answers: PeerView = {
  postgres: probe('ok', 5_000, 6),
  daemon: probe('ok', 5_000, 6),
  lease: null,
  report: {
    atMono: ago(20),
    role: 'primary',
    state: 'running',
    timeline: timeline(1),
    lsn: lsn(0x5000000n),
    copyId: copyOf.b,
    runId: 'run-b',
    planned: false,
  },
};
export const refuses: PeerView = { ...answers, postgres: probe('refused', 140, 2), daemon: probe('refused', 130, 2) };
export const silent: PeerView = {
  ...answers,
  postgres: probe('timed-out', 900, 3),
  daemon: probe('timed-out', 900, 3),
  lease: { remainingS: 3, grantedS: 5, atMono: ago(50) },
};

export const aProbe = (changes: Partial<WriteProbeView> = {}): WriteProbeView => ({
  ackedSentMono: ago(200),
  provedSentMono: ago(200),
  pendingSinceMono: null,
  stuckSinceMono: null,
  seenWaiting: false,
  ...changes,
});

export const aMemory = (changes: Partial<MemoryView> = {}): MemoryView => ({
  confirmedSyncRevision: revision(101),
  committing: null,
  leadingSinceMono: ago(60_000),
  lastLedTerm: null,
  overtakenBy: null,
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
  promotedMono: null,
  syncRemovedMono: null,
  requestSeen: null,
  commitFailed: null,
  wallJumpedMono: null,
  divergedKept: null,
  furnishedFor: [b],
  remoteFence: { kind: 'none' },
  ...changes,
});

export interface Changes {
  readonly state?: Partial<ClusterState>;
  readonly memory?: Partial<MemoryView>;
  readonly guardian?: Partial<GuardianView>;
  readonly peer?: PeerView;
  readonly mode?: SharedConfig['synchronous']['mode'];
  readonly unreachable?: boolean;
  /** How old the newest read of etcd is. */
  readonly readMs?: number;
  /** The newest answer of etcd's arrived so long ago; as `readMs` when absent. */
  readonly answeredMs?: number;
  /** How long ago a majority of etcd was reached; null for never. */
  readonly reachedMs?: number | null;
  readonly leaderAbsentMs?: number;
  readonly view?: Partial<View>;
}

const addressesIn = ({ members }: ClusterState): View['addresses'] =>
  new Map(
    [...members].flatMap(([name, key]) =>
      key.kind === 'present' ? [[name, { host: key.value.host, port: key.value.port, apiUrl: key.value.apiUrl }]] : [],
    ),
  );

/** `a`'s view: its own PostgreSQL as given, everything else healthy unless changed. */
/** What those told whose keys are there. */
const told = ({ members }: ClusterState): View['toldLsn'] =>
  new Map(
    [...members].flatMap(([name, key]) =>
      key.kind === 'present' && key.value.lsn !== null ? [[name, key.value.lsn]] : [],
    ),
  );

export function aView(postgres: View['postgres'], changes: Changes = {}): View {
  const state = aState(changes.state);
  return {
    nowMono: monoMs(now),
    nowWall: wallMs(1_767_225_600_000),
    self: {
      name: a,
      location: 'slough',
      priority: 100,
      nofailover: false,
      nosync: false,
      configText: '{}',
      startedMono: ago(60_000),
    },
    policy: { ...policy, synchronous: { mode: changes.mode ?? 'available' } },
    coordinator: {
      kind: 'read',
      state,
      confirmedMono: ago(changes.readMs ?? 100),
      answeredMono: ago(changes.answeredMs ?? changes.readMs ?? 100),
      unreachableSinceMono: changes.unreachable === true ? ago(900) : null,
      reachedMono:
        changes.reachedMs === null ? null : ago(changes.reachedMs ?? (changes.unreachable === true ? 1_900 : 100)),
      leaderAbsentSinceMono: state.leader.kind === 'absent' ? ago(changes.leaderAbsentMs ?? 50) : null,
    },
    guardian: aGuardian(changes.guardian),
    postgres,
    room: null,
    peers: new Map([[b, changes.peer ?? answers]]),
    toldLsn: told(state),
    addresses: addressesIn(state),
    operation: { kind: 'idle', last: null },
    memory: aMemory(changes.memory),
    ...changes.view,
  };
}
