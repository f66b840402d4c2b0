/** What a daemon says of itself at `/v1/self`: evidence E6 for the others, and a first look for people. */
import type { MemberState } from './cluster.ts';
import { leading, ownCopy } from './cluster-queries.ts';
import type { Decision } from './decision.ts';
import { protocolVersion } from './key-format.ts';
import { ownPositions, ownState } from './own-state.ts';
import { formatLsn, type WallMs } from './units.ts';
import type { View } from './view.ts';

/** Plain JSON. Instants of a monotonic clock are given as ages: they mean nothing on another host. */
export interface SelfReport {
  readonly cluster: string;
  readonly member: string;
  readonly protocol: number;
  readonly version: string;
  /** When the view was taken: RFC 3339, UTC. */
  readonly at: string;
  readonly role: 'primary' | 'standby' | 'none';
  readonly state: MemberState;
  readonly timeline: number | null;
  readonly lsn: string | null;
  readonly replayLsn: string | null;
  readonly copyId: string | null;
  /** When its server was started, as PostgreSQL says it; null when none runs. */
  readonly runId: string | null;
  /** Its postgres is down, or about to be, because somebody wants that: no evidence of a failure. */
  readonly planned: boolean;
  readonly rule: string;
  /** The leader and term that it believes in; null when it knows of none. */
  readonly leader: string | null;
  readonly term: number | null;
  readonly lease: {
    readonly kind: 'none' | 'held' | 'gone';
    readonly id: string | null;
    readonly confirmedAgoMs: number | null;
  };
  readonly guardian: { readonly connected: boolean; readonly child: string };
  readonly etcd: 'never-read' | 'reachable' | 'unreachable';
  readonly holds: readonly string[];
}

export function selfReport(cluster: string, version: string, view: View, decision: Decision, wall: WallMs): SelfReport {
  const { postgres, guardian, coordinator } = view;
  const lead = coordinator.kind === 'read' ? leading(coordinator.state) : null;
  const positions = ownPositions(postgres);
  return {
    cluster,
    member: view.self.name,
    protocol: protocolVersion,
    version,
    at: new Date(wall).toISOString(),
    role: postgres.kind === 'primary' || postgres.kind === 'standby' ? postgres.kind : 'none',
    state: ownState(view),
    timeline: positions.timeline,
    lsn: positions.lsn === null ? null : formatLsn(positions.lsn),
    replayLsn: positions.replayLsn === null ? null : formatLsn(positions.replayLsn),
    copyId: ownCopy(postgres),
    runId: postgres.kind === 'primary' || postgres.kind === 'standby' ? postgres.runId : null,
    planned: isPlanned(view),
    rule: decision.rule,
    leader: lead?.key.member ?? null,
    term: lead?.term ?? null,
    lease: leaseOf(view),
    guardian: { connected: guardian.connected, child: guardian.child.kind },
    etcd:
      coordinator.kind === 'never-read'
        ? 'never-read'
        : coordinator.unreachableSinceMono === null
          ? 'reachable'
          : 'unreachable',
    holds: view.memory.held.map((hold) => `${hold.code}: ${hold.reason}`),
  };
}

/** A stop that was asked for, up to the start that follows it. A fence is none: its leader has given up. */
function isPlanned(view: View): boolean {
  const { operation, guardian } = view;
  if (operation.kind === 'busy' && operation.spec.kind === 'stop') return true;
  if (operation.kind === 'busy' && operation.spec.kind === 'start') return operation.spec.as === 'primary';
  return guardian.child.kind === 'stopping';
}

function leaseOf({ guardian, nowMono }: View): SelfReport['lease'] {
  const { lease } = guardian;
  switch (lease.kind) {
    case 'none':
      return { kind: 'none', id: null, confirmedAgoMs: null };
    case 'gone':
      return { kind: 'gone', id: lease.leaseId, confirmedAgoMs: null };
    case 'held':
      return { kind: 'held', id: lease.leaseId, confirmedAgoMs: Math.round(nowMono - lease.confirmedSentMono) };
  }
}
