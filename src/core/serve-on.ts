/**
 * A primary without the leader key: its lease ran out or was deleted, and nobody has taken the key. It serves on by its
 * proved commits (I6), which its guardian enforces, so each new proof has to reach the guardian as if it still led.
 */
import type { ClusterState } from './cluster.ts';
import { claimedLast } from './cluster-queries.ts';
import type { Decision } from './decision.ts';
import type { View } from './view.ts';

/** `decision`, with the guardian told of the term in which this member led last and of what backs it now. */
export function servingOn(view: View, state: ClusterState, decision: Decision): Decision {
  const term = view.memory.lastLedTerm;
  if (view.postgres.kind !== 'primary' || term === null || !claimedLast(view, state)) return decision;
  return { ...decision, intents: [{ kind: 'guard', term }, ...decision.intents] };
}
