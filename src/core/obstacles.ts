/** What keeps a person from relying on automation here: said in the status and the explanation, and logged once. */
import { memberRecord, ownLease } from './cluster-queries.ts';
import type { ClusterState } from './cluster.ts';
import { cooldown, describeCooldown } from './cooldown.ts';
import { failingStandby } from './failed-starts.ts';
import { scarceRoom } from './room.ts';
import type { View } from './view.ts';

/** One sentence each, the worst first; empty when nothing is in the way. */
export function obstacles(view: View): readonly string[] {
  const scarce = scarceRoom(view);
  const held = view.memory.held.map((hold) => hold.reason);
  if (scarce !== null)
    held.push(
      `${view.self.name} has ${scarce}: it does not take over, and a primary that keeps ending here stays down. Make room`,
    );
  const failing = failingStandby(view);
  if (failing !== null) held.push(failing);
  if (view.coordinator.kind !== 'read') return held;
  if (view.postgres.kind === 'primary' && view.postgres.waitsRuledBy !== null)
    held.push(overridden(view.postgres.waitsRuledBy));
  const { state } = view.coordinator;
  const cooling = cooldown(view, state);
  return [
    ...held,
    ...(cooling === null ? [] : [describeCooldown(cooling)]),
    ...[nameTaken(view, state), foreignData(view, state)].filter((why) => why !== null),
    ...unreadable(state),
  ];
}

/** What PostgreSQL applies is read back, and trusted only while it is what Baton wrote. */
const overridden = (place: string): string =>
  `what commits wait for comes from ${place} and not from batond: ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf()`;

/** Each key that cannot be read, by its name and what is wrong with it. */
export function unreadable(state: ClusterState): readonly string[] {
  const keys = [
    state.leader,
    state.sync,
    state.initialize,
    state.config,
    state.history,
    state.request,
    state.cooldown,
    state.predecessor,
    state.timeline,
    ...state.members.values(),
  ];
  return keys.flatMap((key) => (key.kind === 'malformed' ? [key.problem] : []));
}

/**
 * Our member key is on somebody else's living lease: another daemon has this name. One of an earlier run of this host
 * looks the same, and goes away with its lease. Nothing is decided under a name that two have.
 */
export function nameTaken(view: View, state: ClusterState): string | null {
  const record = memberRecord(state, view.self.name);
  const lease = ownLease(view);
  if (record === null || lease === null || record.leaseId === lease) return null;
  return `the key of member ${view.self.name} is on another lease: of an earlier run here, and then it goes away within seconds, or another daemon has the name ${view.self.name}, at ${record.host}:${record.port} (${record.apiUrl}). Then give one of the two another name, or stop it and its guardian`;
}

/** I10: data of another cluster is neither used nor removed. */
export function foreignData(view: View, state: ClusterState): string | null {
  const pg = view.postgres;
  const identifier =
    pg.kind === 'stopped'
      ? pg.data.systemIdentifier
      : pg.kind === 'standby' || pg.kind === 'primary'
        ? pg.systemIdentifier
        : null;
  if (identifier === null || state.initialize.kind !== 'present' || identifier === state.initialize.value) return null;
  return `the data here is of system ${identifier}, the cluster is ${state.initialize.value}: it is neither used nor removed. Move it away to let this member be cloned`;
}
