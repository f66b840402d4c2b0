/** The leader key is ours: what its holder does, by the state of its PostgreSQL. */
import { because } from './because.ts';
import type { ClusterState } from './cluster.ts';
import { claimed, eligible, leading, ownOnly, syncOf } from './cluster-queries.ts';
import type { Decision } from './decision.ts';
import { decidePrimary } from './decide-primary.ts';
import { leadStopped } from './decide-stopped-leader.ts';
import { rollBack } from './decide-switchover.ts';
import { giveUp, handOverEnded, handOverWithinLag } from './give-up.ts';
import { remoteFence } from './remote-fence.ts';
import { reservation, reservedFor } from './reserved-timeline.ts';
import { automaticSuccessor } from './successor.ts';
import { writeSync } from './transactions.ts';
import type { MonoMs, Ms, Revision } from './units.ts';
import type { PrimaryView, StandbyView } from './postgres-view.ts';
import type { View } from './view.ts';

/** A candidate that has not replayed the old primary's shutdown record by then gives the key back. */
const replayLimitMs: Ms = 5_000;

export function decideLeader(view: View, state: ClusterState): Decision {
  const pg = view.postgres;
  const term = leading(state)?.term;
  if (term === undefined) return because('observe-first', 'the leader key is gone');
  const starts = view.operation.kind === 'busy' && view.operation.spec.kind === 'start';
  // What was seen at rest may be running by now: nobody is handed the key before that is known.
  if (starts && pg.kind !== 'primary' && pg.kind !== 'standby')
    return because('await-postgres', 'postgres is being started', { kind: 'guard', term });
  const elsewhere = handOverHungDisk(view, state);
  if (elsewhere !== null) return elsewhere;
  switch (pg.kind) {
    case 'unknown':
      return handOverEnded(view, state) ?? because('observe-first', 'the data directory is being looked at');
    case 'unusable':
      return giveUp(view, state, 'release-unusable', pg.problem);
    case 'absent':
      return leadWithoutData(view, state);
    case 'starting':
      return (
        slowStart(view, state, pg.sinceMono) ??
        because('await-postgres', 'postgres is starting', { kind: 'guard', term })
      );
    case 'stopped':
      return leadStopped(view, state, pg.data, term);
    case 'standby':
      return leadStandby(view, state, pg, term);
    case 'primary':
      return withRemoteFence(view, state, pg, decidePrimary(view, state, pg, term));
  }
}

/** Mode `off`: everything of postgres is gone, and it could not serve from this disk again. Whoever lacks little enough leads. */
function handOverHungDisk(view: View, state: ClusterState): Decision | null {
  return view.memory.diskHung
    ? handOverWithinLag(view, state, 'hand-over-hung-disk', 'the disk here hangs and every process of postgres is gone')
    : null;
}

/** Crash recovery may take minutes. Once somebody else can lead, it is not waited for. */
const startPatienceMs: Ms = 2_000;
/** A server that was running before this daemon began is most likely serving: its first answer is given more time. */
const adoptPatienceMs: Ms = 15_000;

function slowStart(view: View, state: ClusterState, sinceMono: MonoMs): Decision | null {
  const { child } = view.guardian;
  const asPrimary = child.kind === 'running' && child.startedAs === 'primary';
  if (!asPrimary || !claimed(state, view.self.name)) return null;
  const patienceMs = child.startedMono < view.self.startedMono ? adoptPatienceMs : startPatienceMs;
  if (view.nowMono - sinceMono < patienceMs) return null;
  const next = automaticSuccessor(view, state);
  return next === null
    ? null
    : because(
        'fence-slow-start',
        `postgres has been starting for ${Math.round((view.nowMono - sinceMono) / 1000)} s and ${next.name} can lead`,
        { kind: 'fence', reason: 'postgres starts too slowly' },
      );
}

/** When the last thing done here was an initdb that failed: when it did. */
export function initializeFailedMono(view: View): MonoMs | null {
  const last = view.operation.kind === 'idle' ? view.operation.last : null;
  return last !== null && last.spec.kind === 'initialize' && !last.outcome.ok ? last.atMono : null;
}

function leadWithoutData(view: View, state: ClusterState): Decision {
  if (state.initialize.kind !== 'absent')
    return giveUp(view, state, 'release-no-data', 'there is no data directory here');
  const failedMono = initializeFailedMono(view);
  const { leadingSinceMono } = view.memory;
  if (failedMono !== null && leadingSinceMono !== null && failedMono >= leadingSinceMono) {
    return giveUp(view, state, 'release-no-data', 'initdb failed here: another member may create the cluster');
  }
  return because('initialize', 'this member won the right to create the cluster', {
    kind: 'operate',
    operation: { kind: 'initialize', copyId: view.memory.nextCopyId },
  });
}

/** We hold the key and are in recovery: claim, then leave it. */
function leadStandby(view: View, state: ClusterState, standby: StandbyView, term: Revision): Decision {
  const sync = syncOf(state);
  if (sync === null)
    return because('hold-malformed', 'the sync key is missing or malformed: nobody may be promoted by it');
  const may = eligible(state, view.self.name, standby.copyId);
  // Whoever forces a failover accepts a loss; a claim that names no copy would keep this one from ever leading again.
  if (!may.holds && !(forcedOn(view, state) && standby.copyId !== null))
    return giveUp(view, state, 'release-not-eligible', may.why);

  const request = state.request.kind === 'present' ? state.request.value : null;
  const behind =
    request !== null &&
    request.candidate === view.self.name &&
    request.shutdownLsn !== null &&
    standby.replayLsn <= request.shutdownLsn;
  if (behind && !claimed(state, view.self.name)) {
    const heldMs = view.nowMono - (view.memory.leadingSinceMono ?? view.nowMono);
    if (heldMs < replayLimitMs)
      return because('await-replay', "the old primary's shutdown record is not replayed yet", { kind: 'guard', term });
    // In a synchronous mode only that record is missing, no commit: the promotion goes on.
    const back = sync.mode === 'off' ? rollBack(view, state) : null;
    if (back !== null) return back;
  }
  const newTimeline = reservedFor(view, state, standby);
  if (!claimed(state, view.self.name) || sync.standbys.length > 0 || newTimeline === null) {
    const claim = { leader: view.self.name, standbys: [], mode: sync.mode, copies: ownOnly(view, standby) };
    return because(
      'claim',
      'leadership was handed to us: sync is claimed before the promotion',
      { kind: 'guard', term },
      { kind: 'commit', purpose: 'claim', txn: writeSync(state, claim, reservation(view, state)) },
    );
  }
  const fence = remoteFence(view, state, term, standby);
  if (fence.awaited) {
    return because('fence-remote-first', fence.why, { kind: 'guard', term }, ...fence.intents);
  }
  return because(
    'promote',
    'the key and the claim are ours',
    { kind: 'guard', term },
    {
      kind: 'operate',
      operation: { kind: 'promote', term, timeline: newTimeline, waitForNobody: sync.mode === 'strict' },
    },
    ...fence.intents,
  );
}

/** An old primary that could not be fenced beside the promotion is fenced after it. */
function withRemoteFence(view: View, state: ClusterState, primary: PrimaryView, decision: Decision): Decision {
  const { promotion } = view.memory;
  const stops = decision.intents.some((intent) => intent.kind === 'fence');
  const term = leading(state)?.term;
  if (stops || term === undefined || promotion?.newTimeline !== primary.timeline) return decision;
  const { systemIdentifier } = primary;
  const fence = remoteFence(view, state, term, { systemIdentifier, timeline: promotion.timeline });
  return fence.intents.length === 0 ? decision : { ...decision, intents: [...decision.intents, ...fence.intents] };
}

/** An operator chose this member although it may lack commits, and the old leader handed it the key. */
function forcedOn(view: View, state: ClusterState): boolean {
  if (state.request.kind !== 'present') return false;
  const { kind, candidate, allowDataLoss } = state.request.value;
  return kind === 'failover' && candidate === view.self.name && allowDataLoss;
}
