/**
 * The one place where it is decided what this member does next. Pure and total: everything it may look at is in the
 * view. Universal safety rules first, then by who holds the leader key.
 */
import { backedNow } from './backing.ts';
import { because } from './because.ts';
import type { ClusterState } from './cluster.ts';
import { claimed, isMine, leading, memberRecord, ownCopy, syncOf } from './cluster-queries.ts';
import { decideFollower } from './decide-follower.ts';
import { decideHeld } from './decide-held.ts';
import { decideLeader } from './decide-leader.ts';
import { decideLeaderless } from './decide-leaderless.ts';
import type { Decision, Intent, OperationSpec } from './decision.ts';
import { handOverEnded, handOverTo } from './give-up.ts';
import { observing } from './observing.ts';
import { servingOn } from './serve-on.ts';
import { asynchronousCandidates, automaticSuccessor } from './successor.ts';
import { release } from './transactions.ts';
import type { Ms } from './units.ts';
import { endUnentitledPrimary } from './unentitled.ts';
import { foreignData, nameTaken } from './obstacles.ts';
import type { View } from './view.ts';

export function decide(view: View): Decision {
  if (view.self.role === 'observer') return observing(view);
  return oneAtATime(view, decideFreely(view));
}

function decideFreely(view: View): Decision {
  const remains = childRemains(view);
  if (remains !== null) return handOverBeside(view, remains) ?? remains;
  const [held] = view.memory.held;
  if (held !== undefined) return decideHeld(view, held);
  if (view.coordinator.kind === 'never-read') return unread(view);
  const { state } = view.coordinator;
  const unusable = unusableKeys(view, state);
  if (unusable !== null) return unusable;
  const lead = leading(state);
  if (lead === null) return decideLeaderless(view, state);
  if (lead.key.member !== view.self.name) return decideFollower(view, state);
  if (isMine(view, state)) return decideLeader(view, state);
  return underAnotherLease(view, state);
}

/** How long a guardian that answers is given to kill what a dead postmaster left; then batond does it as well. */
const guardianFenceMs: Ms = 500;

/** The postmaster is gone: whatever it left behind is killed before anything else is thought of. */
function childRemains(view: View): Decision | null {
  const child = view.guardian.child;
  if (child.kind === 'exited' && view.guardian.connected && view.nowMono - child.exit.atMono < guardianFenceMs) {
    return because('await-fence', 'postgres ended; its guardian kills what it left behind');
  }
  if (child.kind === 'exited') {
    return because('fence-remains', 'postgres ended: its remaining processes are killed before anything else', {
      kind: 'fence',
      reason: 'the postmaster is gone',
    });
  }
  if (child.kind === 'fencing')
    return child.why === null
      ? because('await-fence', 'processes of the data directory are being killed')
      : because('fenced-by-guardian', `the guardian ends postgres (${child.why})`);
  if (child.kind === 'stopping') return because('await-stop', 'postgres is stopping');
  if (child.kind === 'unknown') return because('observe-first', 'the guardian has not said what runs');
  return null;
}

/**
 * Our postgres has ended, or ends, and something of it may be left: whoever has every acknowledged commit gets the key
 * while that is being killed.
 */
function handOverBeside(view: View, remains: Decision): Decision | null {
  if (view.coordinator.kind !== 'read' || view.memory.held.length > 0) return null;
  const { state } = view.coordinator;
  if (!isMine(view, state) || !claimed(state, view.self.name)) return null;
  const ended = view.guardian.child.kind === 'exited' ? handOverEnded(view, state) : null;
  const handsOver = ended ?? handOverUnfenced(view, state);
  return handsOver === null ? null : { ...handsOver, intents: [...remains.intents, ...handsOver.intents] };
}

/** A disk that hangs keeps processes from dying; in a synchronous mode nothing can be acknowledged by them (ADR 9). */
const unfencedMs: Ms = 1_000;

function handOverUnfenced(view: View, state: ClusterState): Decision | null {
  const { child } = view.guardian;
  const sinceMono = child.kind === 'exited' ? child.exit.atMono : child.kind === 'fencing' ? child.sinceMono : null;
  if (sinceMono === null || view.nowMono - sinceMono < unfencedMs) return null;
  const next = automaticSuccessor(view, state);
  return next === null
    ? releaseUnfenced(view, state)
    : handOverTo(
        view,
        state,
        next,
        'hand-over-unfenced',
        `processes here cannot be killed (does the disk hang?); nothing is acknowledged without ${next.name}, which leads from now on`,
      );
}

/**
 * Mode `off`: nobody is handed the key before the fence is complete. It is given up, and whoever can lead believes that
 * one ttl later (I7), or as soon as this host reports that the fence is complete; whichever comes first (ADR 17).
 */
function releaseUnfenced(view: View, state: ClusterState): Decision | null {
  const [candidate] = asynchronousCandidates(view, state);
  // An earlier fence that our key still tells of would be taken for this one.
  const toldFenced = (memberRecord(state, view.self.name)?.fencedTerm ?? null) !== null;
  return candidate === undefined || toldFenced
    ? null
    : because(
        'release-unfenced',
        `processes here cannot be killed (does the disk hang?): the key is given up, and ${candidate.name} may take it once this member's own deadline has passed`,
        { kind: 'commit', purpose: 'release', txn: release(state) },
      );
}

/** Nothing starts on belief (I8): until etcd was read once, what runs goes on under its guardian, and nothing starts. */
function unread(view: View): Decision {
  const running = view.postgres.kind === 'primary' || view.postgres.kind === 'standby';
  return because(
    'await-etcd',
    running
      ? 'etcd was not read yet: postgres goes on under its guardian'
      : 'etcd was not read yet: nothing is started',
  );
}

/** Keys that no member may act on: a leader goes on leading under its guardian, and nothing else is begun. */
function unusableKeys(view: View, state: ClusterState): Decision | null {
  const taken = nameTaken(view, state);
  if (taken !== null) return endUnentitledPrimary(view, state) ?? because('hold', taken);
  const malformed = [state.leader, state.sync, state.initialize].find((key) => key.kind === 'malformed');
  if (malformed?.kind === 'malformed') {
    const unentitled = endUnentitledPrimary(view, state);
    if (unentitled !== null) return unentitled;
    const guard: readonly Intent[] =
      isMine(view, state) && state.leader.kind === 'present' ? [{ kind: 'guard', term: state.leader.modRevision }] : [];
    return { ...because('hold-malformed', malformed.problem), intents: guard };
  }
  const foreign = foreignData(view, state);
  if (foreign === null) return null;
  return view.postgres.kind === 'primary'
    ? because('fence-foreign', foreign, { kind: 'fence', reason: 'another system identifier' })
    : because('hold-foreign-data', foreign);
}

/** The key carries our name on a lease that is not ours: an earlier run of this host, or a second daemon of the name. */
function underAnotherLease(view: View, state: ClusterState): Decision {
  const sync = syncOf(state);
  const ours =
    sync !== null && sync.leader === view.self.name && sync.copies[view.self.name] === ownCopy(view.postgres);
  if (ours && backedNow(view, state)) {
    return servingOn(
      view,
      state,
      because(
        'await-lease',
        'our lease ran out and the key on it is about to go; nobody else is eligible, or the standby still acknowledges',
      ),
    );
  }
  if (view.postgres.kind === 'primary' && view.guardian.lease.kind !== 'none') {
    return because(
      'fence-other-lease',
      "the leader key carries this member's name on another lease: an earlier run, or a second daemon with this name",
      { kind: 'fence', reason: 'the leader key is on another lease' },
    );
  }
  return because(
    'await-lease',
    "the leader key carries this member's name on another lease; it runs out by itself unless somebody renews it",
  );
}

/** A failed operation is not begun again at once: whatever made it fail needs a moment to change. */
const retryAfterMs: Ms = 500;
/** Making a whole copy of the data is costly, and what makes it fail (a full disk) does not pass quickly. */
const retryCopyAfterMs: Ms = 5_000;

/** The checkpointer switches waiting on some milliseconds after it was asked to: the first proof often comes too early. */
const retryProofAfterMs: Ms = 100;

function pauseAfter({ kind }: OperationSpec): Ms {
  if (kind === 'initialize' || kind === 'clone') return retryCopyAfterMs;
  return kind === 'prove-wait' ? retryProofAfterMs : retryAfterMs;
}

/** One operation and one transaction at a time: what cannot begin now is decided again when the other has ended. */
function oneAtATime(view: View, decision: Decision): Decision {
  const committing = view.memory.committing !== null;
  const intents = decision.intents.filter((intent) => {
    if (intent.kind === 'commit') return !committing && !justFailed(view, intent.purpose);
    return intent.kind !== 'operate' || mayBegin(view, intent.operation);
  });
  return intents.length === decision.intents.length ? decision : { ...decision, intents };
}

/** Refused or failed: what made it so needs a moment to be seen. */
const commitAgainMs: Ms = 50;
/** An etcd that answers nothing is not asked, and the journal not told, twenty times a second for as long as that lasts. */
const commitAgainBlindMs: Ms = 250;

function justFailed(view: View, purpose: string): boolean {
  const failed = view.memory.commitFailed;
  const blind = view.coordinator.kind === 'read' && view.coordinator.unreachableSinceMono !== null;
  const pauseMs = blind ? commitAgainBlindMs : commitAgainMs;
  return failed !== null && failed.purpose === purpose && view.nowMono - failed.atMono < pauseMs;
}

function mayBegin(view: View, operation: OperationSpec): boolean {
  if (view.operation.kind === 'busy') return false;
  const byGuardian = operation.kind === 'start' || operation.kind === 'stop' || operation.kind === 'promote';
  if (byGuardian && !view.guardian.connected) return false;
  const { last } = view.operation;
  const pg = view.postgres;
  // Decided on what was before the last operation ended, the same one would be begun once more.
  if (last !== null && (pg.kind === 'standby' || pg.kind === 'primary') && pg.seenMono < last.atMono) return false;
  return (
    last === null ||
    last.outcome.ok ||
    last.spec.kind !== operation.kind ||
    view.nowMono - last.atMono >= pauseAfter(operation)
  );
}
