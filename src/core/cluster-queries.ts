/** Questions about the cluster's keys that several rules ask. All of them are pure readings of one view. */
import type { ClusterState, LeaderKey, MemberRecord, Predecessor, SyncKey } from './cluster.ts';
import type { CopyId, LeaseId, MemberName, Revision } from './units.ts';
import type { PostgresView } from './postgres-view.ts';
import type { View } from './view.ts';

export interface Leading {
  readonly key: LeaderKey;
  readonly term: Revision;
}

export function leading(state: ClusterState): Leading | null {
  return state.leader.kind === 'present' ? { key: state.leader.value, term: state.leader.modRevision } : null;
}

/** From whom the present leader took the key; null when it was handed it, or when nobody knows. */
export function predecessorOf({ leader, predecessor }: ClusterState): Predecessor | null {
  const together =
    leader.kind === 'present' && predecessor.kind === 'present' && predecessor.modRevision === leader.modRevision;
  return together ? predecessor.value : null;
}

export function syncOf({ sync }: ClusterState): (SyncKey & { readonly modRevision: Revision }) | null {
  if (sync.kind !== 'present') return null;
  const { leader, standbys, mode, copies } = sync.value;
  return { leader, standbys, mode, copies, modRevision: sync.modRevision };
}

export function memberRecord(state: ClusterState, name: MemberName): MemberRecord | null {
  const key = state.members.get(name);
  return key?.kind === 'present' ? key.value : null;
}

/**
 * The members that have PostgreSQL and whose keys can be read. An observer has no data: it is nobody's standby, candidate
 * or predecessor, whatever its key says.
 */
export function dataMembers(state: ClusterState): readonly MemberRecord[] {
  const found: MemberRecord[] = [];
  for (const key of state.members.values())
    if (key.kind === 'present' && key.value.role !== 'observer') found.push(key.value);
  return found;
}

/** Somebody stands by the leader, as far as the keys tell: `sync` names one; in mode `off`, one says that it streams. */
export function hasStandby(state: ClusterState): boolean {
  const sync = syncOf(state);
  if (sync?.mode !== 'off') return sync !== null && sync.standbys.length > 0;
  const leader = leading(state)?.key.member ?? sync.leader;
  return dataMembers(state).some((member) => member.name !== leader && member.state === 'streaming');
}

/** The leader key names this member on the lease that its guardian holds. */
export function isMine(view: View, state: ClusterState): boolean {
  const lead = leading(state);
  return lead !== null && lead.key.member === view.self.name && lead.key.leaseId === ownLease(view);
}

export const ownLease = (view: View): LeaseId | null =>
  view.guardian.lease.kind === 'held' ? view.guardian.lease.leaseId : null;

export function ownCopy(pg: PostgresView): CopyId | null {
  if (pg.kind === 'stopped') return pg.data.copyId;
  return pg.kind === 'standby' || pg.kind === 'primary' ? pg.copyId : null;
}

/**
 * I2: this term's leader has written `sync` in its own name. The claim is in the takeover's transaction or after it,
 * so its revision is never below the term.
 */
export function claimed(state: ClusterState, name: MemberName): boolean {
  const lead = leading(state);
  const sync = syncOf(state);
  return lead?.key.member === name && sync !== null && sync.leader === name && sync.modRevision >= lead.term;
}

/**
 * I2 and I9: in a synchronous mode only the copies that `sync` names have every acknowledged commit: the named
 * standbys, and the member that claimed last. `why` says which condition fails.
 */
export function eligible(
  state: ClusterState,
  name: MemberName,
  copy: CopyId | null,
): { readonly holds: boolean; readonly why: string } {
  const sync = syncOf(state);
  if (sync === null) return { holds: false, why: 'there is no sync key' };
  if (memberRecord(state, name)?.role === 'observer')
    return { holds: false, why: `${name} is an observer: it has no data` };
  if (sync.leader !== name && !sync.standbys.includes(name)) {
    if (sync.mode === 'off') return { holds: true, why: 'mode off: anybody may lead, within maxLag' };
    return { holds: false, why: `sync names ${[sync.leader, ...sync.standbys].join(', ')}, not ${name}` };
  }
  if (copy === null) return { holds: false, why: `${name} has no copy of the data` };
  if (sync.copies[name] !== copy) {
    if (sync.mode === 'off') return { holds: true, why: 'mode off: anybody may lead, within maxLag' };
    return { holds: false, why: `sync names another copy of ${name} (${sync.copies[name] ?? 'none'}, here ${copy})` };
  }
  return { holds: true, why: sync.leader === name ? `${name} claimed last` : `sync names ${name}` };
}

/** This copy of the data is the one that the last leader claimed with. */
export function claimedLast(view: View, state: ClusterState): boolean {
  const sync = syncOf(state);
  return sync !== null && sync.leader === view.self.name && sync.copies[view.self.name] === ownCopy(view.postgres);
}

/** The copies of a claim: this member's alone. */
export function ownOnly(
  view: View,
  data: { readonly copyId: ReturnType<typeof ownCopy> },
): Readonly<Record<string, NonNullable<ReturnType<typeof ownCopy>>>> {
  return data.copyId === null ? {} : { [view.self.name]: data.copyId };
}
