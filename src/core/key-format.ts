/**
 * What Baton writes into etcd: the names of the keys (relative to the cluster's prefix) and their values as text, in
 * Patroni's shapes where Patroni has them. `parseCluster` in the wire folder reads them back.
 */
import type { HistoryRow, MemberRecord, OperatorRequest, Predecessor, ReservedTimeline, SyncKey } from './cluster.ts';
import { formatLsn, type Lsn, type MemberName } from './units.ts';

/** Version of the shapes in etcd and between daemons that this code writes. */
export const protocolVersion = 1;

export const keyOf = {
  leader: 'leader',
  sync: 'sync',
  initialize: 'initialize',
  config: 'config',
  history: 'history',
  /** The pending operator request. Patroni's name for it. */
  request: 'failover',
  status: 'status',
  /** The newest acknowledgement of repeated failovers. */
  cooldown: 'cooldown',
  /** From whom the leader key was taken, in the transaction that took it. */
  predecessor: 'predecessor',
  /** The number for the next promotion, reserved in the transaction that claims. */
  timeline: 'timeline',
  /** The observer that records the outage that goes on: plain text, on its lease. */
  recording: 'recording',
  member: (name: MemberName): string => `${membersPrefix}${name}`,
} as const;

export const membersPrefix = 'members/';

/** Plain text; the lease is attached to the key, not written in it. */
export const formatLeader = (member: MemberName): string => member;

export function formatSync(sync: SyncKey): string {
  return JSON.stringify({
    leader: sync.leader,
    // Patroni writes null, not "", when nobody is named.
    sync_standby: sync.standbys.length === 0 ? null : sync.standbys.join(','),
    mode: sync.mode,
    copies: sync.copies,
  });
}

export function formatMember(member: MemberRecord): string {
  const host = member.host.includes(':') ? `[${member.host}]` : member.host;
  return JSON.stringify({
    conn_url: `postgres://${host}:${member.port}/postgres`,
    api_url: member.apiUrl,
    role: member.role,
    state: member.state,
    version: member.version,
    protocol: member.protocol,
    server_version: member.serverVersion,
    timeline: member.timeline,
    xlog_location: lsnNumber(member.lsn),
    receive_lsn: member.role === 'replica' ? lsnNumber(member.lsn) : null,
    replay_lsn: lsnNumber(member.replayLsn),
    lease_id: member.leaseId,
    location: member.location,
    priority: member.priority,
    tags: member.tags,
    copy_id: member.copyId,
    diverged_kept: member.divergedKept,
    free_bytes: member.freeBytes,
    restarting: member.restartingUntil === null ? null : { until: new Date(member.restartingUntil).toISOString() },
    fenced_term: member.fencedTerm,
  });
}

export function formatPredecessor({ member, copyId, runId, mayHaveMore, address }: Predecessor): string {
  return JSON.stringify({
    member,
    copy_id: copyId,
    run_id: runId,
    may_have_more: mayHaveMore,
    address: address === null ? null : { host: address.host, port: address.port, api_url: address.apiUrl },
  });
}

export const formatReservedTimeline = ({ number, member, copyId }: ReservedTimeline): string =>
  JSON.stringify({ number, member, copy_id: copyId });

export function formatHistory(rows: readonly HistoryRow[]): string {
  return JSON.stringify(
    rows.map((row) => [
      row.timeline,
      lsnNumber(row.lsn),
      row.reason,
      row.timestamp,
      row.newLeader,
      row.promotionId,
      row.historyFile,
      row.newTimeline,
    ]),
  );
}

export function formatRequest(request: OperatorRequest): string {
  return JSON.stringify({
    id: request.id,
    kind: request.kind,
    leader: request.leader,
    member: request.candidate,
    scheduled_at: null,
    term: request.term,
    by: request.by,
    reason: request.reason,
    requested_at: request.requestedAt,
    allow_data_loss: request.allowDataLoss,
    old_primary_is_fenced: request.oldPrimaryIsFenced,
    ...(request.drill ? { drill: true } : {}),
    shutdown_lsn: request.shutdownLsn === null ? null : formatLsn(request.shutdownLsn),
  });
}

/** The `status` key: the leader's position and its slots', for Patroni's tools. Nothing in Baton decides by it. */
export function formatStatus(optime: Lsn, slots: Readonly<Record<string, Lsn>>): string {
  const positions = Object.entries(slots).map(([slot, position]) => [slot, lsnNumber(position)]);
  return JSON.stringify({ optime: lsnNumber(optime), slots: Object.fromEntries(positions) });
}

/**
 * Patroni writes an LSN in `members`, `history` and `status` as a decimal integer. JSON readers round above 2^53 (8 PiB
 * of WAL), so a position beyond that is written as PostgreSQL's text; the parser takes both.
 */
export function lsnNumber(position: Lsn | null): number | string | null {
  if (position === null) return null;
  return position <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(position) : formatLsn(position);
}
