/**
 * The answers to Patroni's health checks, each a pure reading of one view. A load balancer sends clients by them, so
 * whatever is not known counts as no.
 */
import { mayGoOn } from './backing.ts';
import { eligible, isMine, memberRecord, ownCopy, syncOf } from './cluster-queries.ts';
import { leadsOn } from './decide-held.ts';
import type { Lsn, Ms } from './units.ts';
import type { View } from './view.ts';

/** What a check may be limited by, from its query. */
export interface HealthLimits {
  /** Most bytes behind the leader's last known position; null: any. */
  readonly lagBytesMax: number | null;
  /** `streaming`: only while a walreceiver is connected; null: either way. */
  readonly replicationState: string | null;
  /** Tags that must have these values, as text. */
  readonly tags: ReadonlyMap<string, string>;
}

export const noLimits: HealthLimits = { lagBytesMax: null, replicationState: null, tags: new Map() };

export type HealthCheck =
  | 'primary'
  | 'leader'
  | 'replica'
  | 'read-only'
  | 'synchronous'
  | 'read-only-sync'
  | 'asynchronous'
  | 'health';

/** Whether the check passes (200) or not (503). */
export function isHealthy(check: HealthCheck, view: View, limits: HealthLimits): boolean {
  switch (check) {
    case 'primary':
      return takesWrites(view);
    case 'leader':
      return holdsKey(view);
    case 'replica':
      return isReplica(view, limits);
    case 'read-only':
      return takesWrites(view) || isReplica(view, limits);
    case 'synchronous':
      return isReplica(view, limits) && isNamed(view);
    case 'read-only-sync':
      return takesWrites(view) || (isReplica(view, limits) && isNamed(view));
    case 'asynchronous':
      return isReplica(view, limits) && !isNamed(view);
    case 'health':
      return runs(view);
  }
}

/** `apply`: what queries see. `write`: what would survive a promotion. */
export type ReadinessMode = 'apply' | 'write';

/** The leader, or a standby that streams, is near enough and can see etcd; an observer that can see etcd. */
export function isReady(view: View, mode: ReadinessMode, lagBytesMax: number | null): boolean {
  if (takesWrites(view)) return true;
  const { postgres, coordinator } = view;
  if (coordinator.kind !== 'read' || coordinator.unreachableSinceMono !== null) return false;
  if (view.self.role === 'observer') return true;
  if (postgres.kind !== 'standby' || postgres.streamingFrom === null || !runs(view)) return false;
  const lsn = mode === 'apply' ? postgres.replayLsn : postgres.receivedLsn;
  return isNear(view, lsn, lagBytesMax ?? view.policy.failover.maxLagBytes);
}

/** The loop ran within one ttl when it leads, else within two: Patroni's rule. */
export const isAlive = (view: View, loopAgeMs: Ms): boolean =>
  loopAgeMs < view.policy.lease.ttlMs * (view.postgres.kind === 'primary' ? 1 : 2);

/** The leader key is ours, by a lease whose deadline has not passed, or we may go on without (I5, I6, I11). */
export function holdsKey(view: View): boolean {
  const { coordinator, memory } = view;
  const [held] = memory.held;
  if (held !== undefined) return leadsOn(view, held);
  return coordinator.kind === 'read' && isMine(view, coordinator.state) && mayGoOn(view, coordinator.state);
}

/** Clients may write here: leader, out of recovery, and they are let in (I8). */
const takesWrites = (view: View): boolean =>
  holdsKey(view) && view.postgres.kind === 'primary' && view.postgres.admits === 'everybody' && runs(view);

function isReplica(view: View, limits: HealthLimits): boolean {
  const { postgres } = view;
  if (postgres.kind !== 'standby' || !runs(view)) return false;
  if (
    limits.replicationState !== null &&
    limits.replicationState !== (postgres.streamingFrom === null ? '' : 'streaming')
  )
    return false;
  const tags = ownTags(view);
  for (const [tag, value] of limits.tags)
    if (String(tags[tag] ?? '').toLowerCase() !== value.toLowerCase()) return false;
  return limits.lagBytesMax === null || isNear(view, postgres.replayLsn, limits.lagBytesMax);
}

/** A process runs, has answered, and is not on its way out. */
const runs = ({ postgres, guardian }: View): boolean =>
  (postgres.kind === 'primary' || postgres.kind === 'standby') &&
  (guardian.child.kind === 'running' || guardian.child.kind === 'unknown');

/** Commits wait for this copy. */
function isNamed(view: View): boolean {
  const { coordinator, self } = view;
  if (coordinator.kind !== 'read') return false;
  const sync = syncOf(coordinator.state);
  if (sync === null || sync.mode === 'off' || !sync.standbys.includes(self.name)) return false;
  return eligible(coordinator.state, self.name, ownCopy(view.postgres)).holds;
}

/** Against the furthest position of the leader that is known here; unknown is not near. */
function isNear(view: View, own: Lsn, lagBytesMax: number): boolean {
  const ahead = leaderLsn(view);
  return ahead !== null && (ahead <= own || ahead - own <= BigInt(lagBytesMax));
}

function leaderLsn(view: View): Lsn | null {
  const { coordinator, peers, postgres } = view;
  if (coordinator.kind !== 'read' || coordinator.state.leader.kind !== 'present') return null;
  const leader = coordinator.state.leader.value.member;
  const known = [
    peers.get(leader)?.report?.lsn,
    memberRecord(coordinator.state, leader)?.lsn,
    postgres.kind === 'standby' ? postgres.receivedLsn : null,
  ].filter((position) => position != null);
  return known.length === 0 ? null : known.reduce((most, position) => (position > most ? position : most));
}

function ownTags(view: View): Readonly<Record<string, boolean>> {
  const { nofailover, nosync, name } = view.self;
  const record = view.coordinator.kind === 'read' ? memberRecord(view.coordinator.state, name) : null;
  return { ...record?.tags, nofailover, nosync };
}
