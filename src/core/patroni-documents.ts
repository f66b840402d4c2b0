/** The JSON that Patroni's REST API answers with, for the tools that read it: monitoring, HAProxy, dashboards. */
import type { HistoryRow } from './cluster.ts';
import { syncOf } from './cluster-queries.ts';
import { isHealthy, noLimits } from './health.ts';
import { formatHistory, lsnNumber } from './key-format.ts';
import { ownRole, ownState } from './own-state.ts';
import type { MemberStatus, Status } from './status.ts';
import type { WallMs } from './units.ts';
import type { View } from './view.ts';

type Json = Readonly<Record<string, unknown>>;

/** `GET /patroni`, and the body of every health check. */
export function patroniStatus(cluster: string, version: string, view: View, wall: WallMs): Json {
  const { postgres, coordinator, self } = view;
  const running = postgres.kind === 'primary' || postgres.kind === 'standby';
  const state = coordinator.kind === 'read' ? coordinator.state : null;
  return {
    state: ownState(view) === 'streaming' ? 'running' : ownState(view),
    role: ownRole(view),
    ...(running
      ? { postmaster_start_time: postgres.runId, server_version: postgres.serverVersion, timeline: postgres.timeline }
      : {}),
    ...xlog(view),
    ...(isHealthy('synchronous', view, noLimits) ? { sync_standby: true } : {}),
    ...(postgres.kind === 'standby' && postgres.streamingFrom !== null ? { replication_state: 'streaming' } : {}),
    ...replication(view),
    ...(state === null || state.leader.kind === 'absent' ? { cluster_unlocked: true } : {}),
    ...(coordinator.kind === 'read'
      ? { dcs_last_seen: Math.floor((wall - (view.nowMono - coordinator.confirmedMono)) / 1000) }
      : {}),
    ...(running ? { database_system_identifier: postgres.systemIdentifier } : {}),
    tags: { ...(self.nofailover ? { nofailover: true } : {}), ...(self.nosync ? { nosync: true } : {}) },
    ...(view.memory.held.some((hold) => hold.code === 'paused') ? { pause: true } : {}),
    ...(state === null || syncOf(state) === null ? {} : { synchronous_mode: syncOf(state)?.mode }),
    patroni: { version, scope: cluster, name: self.name },
  };
}

function xlog({ postgres }: View): Json {
  if (postgres.kind === 'primary') return { xlog: { location: lsnNumber(postgres.currentLsn) } };
  if (postgres.kind !== 'standby') return {};
  const { receivedLsn, replayLsn, replayPausedSinceMono } = postgres;
  return {
    xlog: {
      received_location: lsnNumber(receivedLsn),
      replayed_location: lsnNumber(replayLsn),
      paused: replayPausedSinceMono !== null,
    },
  };
}

function replication({ postgres }: View): Json {
  if (postgres.kind !== 'primary' || postgres.walsenders.length === 0) return {};
  return {
    replication: postgres.walsenders.map((sender) => ({
      application_name: sender.applicationName,
      state: sender.state,
      sync_state: sender.syncState,
      sync_priority: sender.syncPriority,
    })),
  };
}

/** `GET /cluster`. Whoever reads it takes each member for a PostgreSQL, so observers are not in it. */
export function patroniCluster(status: Status): Json {
  const members = status.members.filter(({ role }) => role !== 'observer');
  return {
    members: members.map((member) => patroniMember(member, status)),
    scope: status.cluster,
    ...(status.paused ? { pause: true } : {}),
  };
}

function patroniMember(member: MemberStatus, status: Status): Json {
  const { name, state, timeline, lsn, lagBytes, host, port, apiUrl } = member;
  const leads = name === status.leader;
  return {
    name,
    role: leads ? 'leader' : member.synchronous ? 'sync_standby' : 'replica',
    state,
    ...(apiUrl === null ? {} : { api_url: `${apiUrl}/patroni` }),
    ...(host === null ? {} : { host, port }),
    ...(timeline === null ? {} : { timeline }),
    ...(lsn === null ? {} : { lsn }),
    ...(leads ? {} : { lag: lagBytes ?? 'unknown' }),
  };
}

/** `GET /history`. Patroni's five columns first, then Baton's two. */
export const patroniHistory = (rows: readonly HistoryRow[]): unknown => JSON.parse(formatHistory(rows)) as unknown;
