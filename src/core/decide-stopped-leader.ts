/** The leader key is ours and postgres is down: hand over, start again, or stay down and say why. */
import { because } from './because.ts';
import type { ClusterState } from './cluster.ts';
import { claimed, eligible, ownOnly, syncOf } from './cluster-queries.ts';
import type { Decision } from './decision.ts';
import { handOverSwitchover } from './decide-switchover.ts';
import { giveUp, handOverTo, handOverWithinLag } from './give-up.ts';
import { isRejoining } from './own-state.ts';
import type { DataDirectory } from './postgres-view.ts';
import { scarceRoom } from './room.ts';
import { automaticSuccessor, successor } from './successor.ts';
import { namedCopies } from './sync-membership.ts';
import { publishCluster, release, writeSync } from './transactions.ts';
import type { Revision } from './units.ts';
import type { View } from './view.ts';

export function leadStopped(view: View, state: ClusterState, data: DataDirectory, term: Revision): Decision {
  if (state.initialize.kind === 'absent') return publish(view, state, data);
  const sync = syncOf(state);
  if (sync === null)
    return because('hold-malformed', 'the sync key is missing or malformed: nobody may be promoted by it');
  const may = eligible(state, view.self.name, data.copyId);
  if (!may.holds) return giveUp(view, state, 'release-not-eligible', may.why);
  if (data.unstartable !== null) return giveUp(view, state, 'release-unusable', data.unstartable);
  // What was seen of it is void: whoever claims by it keeps everybody else from leading, and cannot start.
  if (isRejoining(view))
    return giveUp(view, state, 'release-unusable', 'the data here is being made ready to follow another member');

  const planned = handOverSwitchover(view, state, data);
  if (planned !== null) return planned;
  if (data.standbySignal || stillInRecovery(data)) {
    return because(
      'start-to-promote',
      data.standbySignal
        ? "the key is ours and the data is a standby's: it starts as one, then is promoted"
        : 'the key is ours and a promotion died half-way here: the data starts as a standby again, then is promoted',
      { kind: 'operate', operation: { kind: 'start', as: 'standby', follow: null } },
    );
  }
  const shutsDown = view.guardian.terminating === true;
  const next = shutsDown ? successor(view, state) : automaticSuccessor(view, state);
  if (next !== null) {
    return handOverTo(
      view,
      state,
      next,
      shutsDown ? 'hand-over-shutdown' : 'hand-over-dead-postgres',
      `postgres here is down and ${next.name} has every acknowledged commit`,
    );
  }
  const down = staysDown(view);
  if (down !== null) return handOverWithinLag(view, state, 'hand-over-within-lag', down.because) ?? down;
  if (!claimed(state, view.self.name) || view.memory.confirmedSyncRevision !== sync.modRevision) {
    const { modRevision: _, ...kept } = sync;
    const claim =
      sync.leader === view.self.name
        ? kept
        : { ...kept, leader: view.self.name, standbys: [], copies: ownOnly(view, data) };
    return because('claim-to-restart', 'sync is written in our name before postgres starts as a primary', {
      kind: 'commit',
      purpose: 'claim',
      txn: writeSync(state, claim),
    });
  }
  const waitFor = namedCopies(sync);
  const nobody = sync.mode === 'strict' && waitFor.length === 0;
  const admits = waitFor.length > 0 || nobody ? 'baton-only' : 'everybody';
  return because(
    'restart-in-place',
    'nobody else may lead: postgres starts here again',
    { kind: 'guard', term },
    { kind: 'operate', operation: { kind: 'start', as: 'primary', term, waitFor, waitForNobody: nobody, admits } },
  );
}

/**
 * A promotion takes standby.signal away before the control file says *in production*, and nobody can have written until
 * it said so. A crash between the two leaves a directory that recovery takes up again, the new timeline's WAL included;
 * the next promotion makes one timeline more.
 */
const stillInRecovery = ({ clusterState }: DataDirectory): boolean =>
  clusterState === 'in archive recovery' || clusterState === 'shut down in recovery';

/** Why postgres is not started here once more; null when it is. */
function staysDown(view: View): Decision | null {
  const crashes = view.memory.crashes.length;
  const budget = view.policy.failover.crashBudget;
  const scarce = scarceRoom(view);
  if (scarce !== null && crashes >= endsBlamedOnRoom)
    return because(
      'await-room',
      `postgres ended ${crashes} times and has ${scarce}: make room, and it starts again by itself`,
    );
  return crashes > budget.count
    ? because(
        'hold-crash-budget',
        `postgres ended ${crashes} times within ${budget.windowMs / 60_000} minutes: look at its log. It is tried again once fewer of them lie within that time`,
      )
    : null;
}

/** A server that ends once on a nearly full disk may have been killed; the second time the disk is to blame. */
const endsBlamedOnRoom = 2;

function publish(view: View, state: ClusterState, data: DataDirectory): Decision {
  if (data.copyId === null || data.copyId !== view.memory.initializedCopyId) {
    return because(
      'hold-foreign-data',
      `etcd knows no cluster here, but this member has data of system ${data.systemIdentifier}: it is neither used nor removed. Restore etcd's keys, or move the directory away`,
      { kind: 'commit', purpose: 'release', txn: release(state) },
    );
  }
  const sync = {
    leader: view.self.name,
    standbys: [],
    mode: view.policy.synchronous.mode,
    copies: { [view.self.name]: data.copyId },
  };
  return because('publish-cluster', 'initdb is done: the cluster becomes known', {
    kind: 'commit',
    purpose: 'publish-cluster',
    txn: publishCluster(state, data.systemIdentifier, sync, view.self.configText),
  });
}
