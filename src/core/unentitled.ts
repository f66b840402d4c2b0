/**
 * I8: a primary here that may not be one, because another member leads or claimed last. It ends whatever else keeps this
 * member from acting: two daemons of one name, or keys that nobody can read, are no reason to leave it running.
 */
import { because } from './because.ts';
import type { ClusterState } from './cluster.ts';
import { claimedLast, isMine, type Leading, leading } from './cluster-queries.ts';
import type { Decision } from './decision.ts';
import type { View } from './view.ts';

/** The fence; null when there is no such primary here, or when the keys do not tell. */
export function endUnentitledPrimary(view: View, state: ClusterState): Decision | null {
  const lead = leading(state);
  if (lead !== null && lead.key.member !== view.self.name)
    return isOrBecomesPrimary(view) ? fenceNotLeader(view, lead) : null;
  if (view.postgres.kind !== 'primary' || state.sync.kind === 'malformed' || claimedLast(view, state)) return null;
  if (lead !== null)
    return isMine(view, state)
      ? null
      : because(
          'fence-other-lease',
          "the leader key carries this member's name on another lease, and postgres here is not the copy that claimed: a second daemon has this name",
          { kind: 'fence', reason: 'the leader key is on another lease' },
        );
  return state.leader.kind === 'malformed'
    ? null
    : because(
        'fence-unclaimed',
        'nobody leads and postgres here is out of recovery, but another member claimed last: somebody promoted it by hand',
        { kind: 'fence', reason: 'a primary without a claim' },
      );
}

/** PostgreSQL was started as a primary, or is about to be, for a term that is over; or it is one. */
export function isOrBecomesPrimary({ guardian: { child }, operation, postgres }: View): boolean {
  const running = child.kind === 'running' && child.startedAs === 'primary';
  const starting = operation.kind === 'busy' && operation.spec.kind === 'start' && operation.spec.as === 'primary';
  return postgres.kind === 'primary' || starting || (running && postgres.kind === 'starting');
}

export function fenceNotLeader({ postgres }: View, { key: { member } }: Leading): Decision {
  const what = postgres.kind === 'primary' ? 'is a primary' : 'starts as a primary';
  return because('fence-not-leader', `${member} holds the leader key and postgres here ${what}`, {
    kind: 'fence',
    reason: `${member} leads`,
  });
}
