/**
 * Who records an outage when no daemon beside a PostgreSQL is there to do it: an observer that has claimed it, by the key
 * `recording` on its lease. One transaction makes that key while nobody leads and no member with PostgreSQL is registered;
 * whoever leads afterwards has read it. So no outage has two recorders, whatever is late.
 */
import type { ClusterState } from '../cluster.ts';
import { syncOf } from '../cluster-queries.ts';
import { keyOf } from '../key-format.ts';
import type { Txn } from '../transaction.ts';
import type { LeaseId, MemberName, Revision } from '../units.ts';

/** The cluster has served, and nothing of it is registered but observers. A key that cannot be read is a member's. */
export const isUnattended = (state: ClusterState): boolean =>
  state.initialize.kind === 'present' &&
  state.leader.kind === 'absent' &&
  [...state.members.values()].every((key) => key.kind === 'present' && key.value.role === 'observer');

/** `known`: every member with PostgreSQL that was ever seen; those that `sync` names are added. */
export function claimOutage(state: ClusterState, known: Iterable<MemberName>, me: MemberName, leaseId: LeaseId): Txn {
  const sync = syncOf(state);
  const named = sync === null ? [] : [sync.leader, ...sync.standbys, ...(Object.keys(sync.copies) as MemberName[])];
  const members = [...new Set([...known, ...named])].toSorted();
  const absent = [keyOf.leader, keyOf.recording, ...members.map((name) => keyOf.member(name))];
  return {
    compares: absent.map((key) => ({ key, absent: true })),
    writes: [{ op: 'put', key: keyOf.recording, value: me, leaseId }],
  };
}

/** Service is back: what fails next is the members' own to record. `claimed`: the key's revision. */
export const giveBackOutage = (claimed: Revision): Txn => ({
  compares: [{ key: keyOf.recording, modRevision: claimed }],
  writes: [{ op: 'delete', key: keyOf.recording }],
});
