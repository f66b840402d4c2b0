/**
 * Automation is held, because etcd lost its past (I11): nobody is promoted, started or renamed, and nothing is written.
 * Whoever led when that happened leads on by what was true then, as it does while etcd does not answer (I6): in a
 * synchronous mode it is backed by its own commits alone, and no lease of that etcd prolongs it (ADR 15).
 */
import { backedNow, mayGoOn } from './backing.ts';
import { because } from './because.ts';
import { clockJumpUnconfirmed } from './clock-jump.ts';
import type { ClusterState } from './cluster.ts';
import { claimedLast, leading, syncOf } from './cluster-queries.ts';
import type { Decision } from './decision.ts';
import type { PrimaryView } from './postgres-view.ts';
import type { Hold, View } from './view.ts';

export function decideHeld(view: View, { reason }: Hold): Decision {
  const begun = endBegunPrimary(view, reason);
  if (begun !== null) return begun;
  const { coordinator, postgres } = view;
  // Since a restart nothing is believed: what runs goes on under its guardian, by what that was told last.
  if (postgres.kind !== 'primary' || coordinator.kind === 'never-read') return because('hold', reason);
  return leadHeld(view, coordinator.state, postgres, reason);
}

/** Whether this member leads on although automation is held. */
export function leadsOn(view: View, held: Hold): boolean {
  const guarded = decideHeld(view, held).intents.some((intent) => intent.kind === 'guard');
  return guarded && view.coordinator.kind === 'read' && mayGoOn(view, view.coordinator.state);
}

/**
 * A primary that was begun by what etcd said before it lost its past, and that nobody was let into yet, does not come
 * up. One that has served goes on; one that was adopted may have, so it does too.
 */
function endBegunPrimary(view: View, reason: string): Decision | null {
  const { operation, postgres, self } = view;
  const { child } = view.guardian;
  if (
    child.kind === 'running' &&
    child.startedAs === 'primary' &&
    child.startedMono >= self.startedMono &&
    postgres.kind === 'starting'
  )
    return fenceHeld(`${reason} Postgres here was starting as a primary`);
  if (promotionBegun(view)) return fenceHeld(`${reason} Postgres here was being promoted`);
  if (operation.kind !== 'busy') return null;
  const { spec } = operation;
  return spec.kind === 'start' && spec.as === 'primary'
    ? because('hold', reason, { kind: 'abort-operation', reason: 'automation is held' })
    : null;
}

const fenceHeld = (why: string): Decision =>
  because('fence-held', why, { kind: 'fence', reason: 'automation is held' });

/** PostgreSQL does not take a promotion back: it leaves recovery also when nobody waits for that any more. */
function promotionBegun({ operation, postgres }: View): boolean {
  if (operation.kind === 'busy') return operation.spec.kind === 'promote';
  const { last } = operation;
  return postgres.kind === 'standby' && last?.spec.kind === 'promote' && !last.outcome.ok;
}

function leadHeld(view: View, state: ClusterState, primary: PrimaryView, reason: string): Decision {
  const lead = leading(state);
  if (lead !== null && lead.key.member !== view.self.name)
    return because('fence-not-leader', `${lead.key.member} led when etcd lost its past, and postgres is a primary`, {
      kind: 'fence',
      reason: `${lead.key.member} leads`,
    });
  const term = lead?.term ?? view.memory.lastLedTerm;
  if (term === null || !claimedLast(view, state))
    return because(
      'fence-unclaimed',
      'postgres is out of recovery, and another member had claimed when etcd lost its past: somebody promoted it by hand',
      { kind: 'fence', reason: 'a primary without a claim' },
    );
  const { overtakenBy } = view.memory;
  if (overtakenBy !== null && overtakenBy !== view.self.name)
    return because('fence-overtaken', `${overtakenBy} has become leader in an etcd that lost its past`, {
      kind: 'fence',
      reason: `${overtakenBy} leads`,
    });
  const jumped = clockJumpUnconfirmed(view, state, primary);
  if (jumped !== null) return jumped;
  // In mode `off` the guardian's lease is all there is, and it knows whether it still is the one of this term (I5).
  if (syncOf(state)?.mode !== 'off' && !backedNow(view, state))
    return because('fence-deadline', 'etcd lost its past, and no synchronous standby acknowledges any more', {
      kind: 'fence',
      reason: 'nothing proves the leadership',
    });
  return because('hold', reason, { kind: 'guard', term });
}
