/**
 * The transactions of docs/safety.md and docs/architecture.md, each comparing what it was decided on (I1). They are built here, pure,
 * so that the table of who writes what under which comparison is one page, and the simulator runs the same ones.
 */
import { type AuditEntry, writeAudit } from './audit.ts';
import type {
  Acknowledgement,
  ClusterState,
  HistoryRow,
  OperatorRequest,
  Predecessor,
  ReservedTimeline,
  SyncKey,
} from './cluster.ts';
import { formatHandOverNote, type HandOverNote, handOverNoteKey } from './hand-over-note.ts';
import {
  formatHistory,
  formatPredecessor,
  formatRequest,
  formatReservedTimeline,
  formatSync,
  keyOf,
} from './key-format.ts';
import { type Compare, type Txn, unchanged, type Write } from './transaction.ts';
import type { LeaseId, MemberName } from './units.ts';

/** Every transaction that writes `leader` or `sync` compares both revisions. */
const leaderAndSync = (state: ClusterState): readonly Compare[] => [
  unchanged('leader', state.leader),
  unchanged('sync', state.sync),
];

const putLeader = (member: MemberName, leaseId: LeaseId): Write => ({
  op: 'put',
  key: 'leader',
  value: member,
  leaseId,
});
const putSync = (sync: SyncKey): Write => ({ op: 'put', key: 'sync', value: formatSync(sync) });

/** Always beside a write of `sync`, whose comparison covers it: nobody reserves without a claim. */
const reserve = (timeline: ReservedTimeline | null): readonly Write[] =>
  timeline === null ? [] : [{ op: 'put', key: keyOf.timeline, value: formatReservedTimeline(timeline) }];

/** The right to run initdb, while nothing is there. */
export const winBootstrap = (state: ClusterState, me: MemberName, leaseId: LeaseId): Txn => ({
  compares: [...leaderAndSync(state), unchanged('initialize', state.initialize)],
  writes: [putLeader(me, leaseId)],
});

/** The new cluster becomes known, with its first claim, in one step. An existing configuration is kept. */
export const publishCluster = (
  state: ClusterState,
  systemIdentifier: string,
  sync: SyncKey,
  configText: string,
): Txn => ({
  compares: [...leaderAndSync(state), unchanged('initialize', state.initialize), unchanged('config', state.config)],
  writes: [
    { op: 'put', key: 'initialize', value: systemIdentifier },
    putSync(sync),
    ...(state.config.kind === 'absent' ? [{ op: 'put', key: 'config', value: configText } as const] : []),
    { op: 'put', key: 'history', value: formatHistory([]) },
  ],
});

/**
 * Takes the leader key, free or another's, claims in the same step (I2), says from whom it was taken, and reserves the
 * timeline that a promotion is to make.
 */
export const takeLeadership = (
  state: ClusterState,
  me: MemberName,
  leaseId: LeaseId,
  claim: SyncKey,
  from: Predecessor | null,
  timeline: ReservedTimeline | null,
): Txn => ({
  compares: [
    ...leaderAndSync(state),
    ...(state.request.kind === 'absent' ? [] : [unchanged('failover', state.request)]),
  ],
  writes: [
    putLeader(me, leaseId),
    putSync(claim),
    ...(from === null ? [] : [{ op: 'put', key: keyOf.predecessor, value: formatPredecessor(from) } as const]),
    ...reserve(timeline),
  ],
});

/** Any write of `sync` by the leader: the claim of one that was handed the key, a removal, an addition, a mode. */
export const writeSync = (state: ClusterState, sync: SyncKey, timeline: ReservedTimeline | null = null): Txn => ({
  compares: leaderAndSync(state),
  writes: [putSync(sync), ...reserve(timeline)],
});

/** The key goes to another member, on that member's own lease; `request` carries the shutdown LSN of a switchover. */
export const handOver = (
  state: ClusterState,
  to: MemberName,
  theirLease: LeaseId,
  note: HandOverNote,
  request: OperatorRequest | null,
): Txn => ({
  compares: [...leaderAndSync(state), unchanged('failover', state.request)],
  writes: [
    putLeader(to, theirLease),
    { op: 'put', key: handOverNoteKey, value: formatHandOverNote(note) },
    ...(request === null ? [] : [{ op: 'put', key: 'failover', value: formatRequest(request) } as const]),
  ],
});

/** Leadership is given up to whoever may take it. */
export const release = (state: ClusterState): Txn => ({
  compares: leaderAndSync(state),
  writes: [{ op: 'delete', key: 'leader' }],
});

/** Writes nothing: it is applied only while nobody has taken the leader key since this state. A linearizable answer. */
export const termStillOurs = (state: ClusterState): Txn => ({
  compares: [unchanged('leader', state.leader)],
  writes: [],
});

export const writeHistory = (state: ClusterState, rows: readonly HistoryRow[]): Txn => ({
  compares: [unchanged('leader', state.leader), unchanged('history', state.history)],
  writes: [{ op: 'put', key: 'history', value: formatHistory(rows) }],
});

/** The pending request is over; how it ended is kept. */
export const clearRequest = (state: ClusterState, ended: AuditEntry): Txn => ({
  compares: [unchanged('failover', state.request)],
  writes: [{ op: 'delete', key: 'failover' }, writeAudit(ended)],
});

/** Mode `off`: a candidate that cannot have everything gives the key back, and the request is over. */
export const handBack = (
  state: ClusterState,
  to: MemberName,
  theirLease: LeaseId,
  note: HandOverNote,
  ended: AuditEntry,
): Txn => {
  const over = clearRequest(state, ended);
  const back = handOver(state, to, theirLease, note, null);
  return { compares: back.compares, writes: [...back.writes, ...over.writes] };
};

/** Somebody looked at the failovers so far. A promotion that comes meanwhile is not covered: it is compared. */
export const acknowledgeFailovers = (state: ClusterState, acknowledgement: Acknowledgement): Txn => ({
  compares: [unchanged('cooldown', state.cooldown), unchanged('history', state.history)],
  writes: [{ op: 'put', key: 'cooldown', value: JSON.stringify(acknowledgement) }],
});

export const placeRequest = (state: ClusterState, request: OperatorRequest): Txn => ({
  compares: [unchanged('leader', state.leader), unchanged('failover', state.request)],
  writes: [{ op: 'put', key: 'failover', value: formatRequest(request) }],
});
