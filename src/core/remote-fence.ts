/**
 * The fence of a former primary through its own PostgreSQL. Its daemons are frozen, or cut off from etcd, and it still
 * serves: in a synchronous mode that costs only stale reads, and it is fenced beside the promotion; where it may have
 * acknowledged what this member lacks, its stream is drained and it is fenced before the promotion.
 */
import type { ClusterState, Predecessor } from './cluster.ts';
import { eligible, ownCopy, predecessorOf, syncOf } from './cluster-queries.ts';
import type { Intent } from './decision.ts';
import type { FenceTarget } from './fence-target.ts';
import type { Lsn, MonoMs, Ms, Revision, Timeline } from './units.ts';
import type { View } from './view.ts';

/** How far the fence of the predecessor has come, as far as this daemon knows: a restart forgets it, and it is begun anew. */
export type RemoteFenceView =
  | { readonly kind: 'none' }
  | { readonly kind: 'under-way'; readonly term: Revision; readonly sinceMono: MonoMs; readonly attempts: number }
  | {
      readonly kind: 'ended';
      readonly term: Revision;
      readonly atMono: MonoMs;
      readonly attempts: number;
      readonly tookMs: Ms;
      readonly outcome: RemoteFenceOutcome;
    };

export type RemoteFenceOutcome =
  | {
      readonly kind: 'fenced';
      /** `killed`: no process of it is left. `closed`: it could not be killed; clients are out and not let in again. */
      readonly how: 'killed' | 'closed';
      /** Where its commits ended, and whether all of them are here; null when the stream was not drained. */
      readonly drained: { readonly upTo: Lsn; readonly complete: boolean } | null;
    }
  /** What answers there is not the former primary. Nothing was done. */
  | { readonly kind: 'another-server'; readonly why: string }
  | { readonly kind: 'failed'; readonly problem: string };

export interface RemoteFenceStep {
  readonly intents: readonly Intent[];
  /** The promotion has to wait for what is under way, or is begun by the intents. */
  readonly awaited: boolean;
  /** What is waited for, in words. */
  readonly why: string;
}

/** A probe of the old primary that is older says nothing about now. */
const probeFreshMs: Ms = 2_500;
const attemptsMax = 3;
const tryAgainMs: Ms = 300;
/** Best effort: what could not be fenced by then is promoted without, and is left alone. */
const promotionWaitsMs: Ms = 10_000;
const effortMs: Ms = 30_000;

/** A daemon that has just begun has not asked anybody yet. */
const firstProbeMs: Ms = 1_500;

const answersStill =
  'the old primary still answers: its last commits are fetched and it is stopped before the promotion';
const nothing: RemoteFenceStep = { intents: [], awaited: false, why: '' };

/** Whom this member would take the leadership from, by its own transaction on this state. */
export function wouldSucceed(view: View, state: ClusterState): Predecessor | null {
  const sync = syncOf(state);
  const copyId = sync?.copies[sync.leader];
  if (sync === null || sync.leader === view.self.name || copyId === undefined) return null;
  const report = view.peers.get(sync.leader)?.report ?? null;
  return {
    member: sync.leader,
    copyId,
    runId: report?.role === 'primary' ? report.runId : null,
    mayHaveMore: sync.mode === 'off' || !eligible(state, view.self.name, ownCopy(view.postgres)).holds,
    address: view.addresses.get(sync.leader) ?? null,
  };
}

/** What is to be done about the predecessor in `term`; `ends`: the timeline that it wrote, and of which system. */
export function remoteFence(
  view: View,
  state: ClusterState,
  term: Revision,
  ends: { readonly systemIdentifier: string; readonly timeline: Timeline },
): RemoteFenceStep {
  const { remoteFence: newest, leadingSinceMono } = view.memory;
  const predecessor = predecessorOf(state);
  if (!view.policy.fence.remote || predecessor === null) return nothing;
  const fence: RemoteFenceView = newest.kind === 'none' || newest.term === term ? newest : { kind: 'none' };
  const leadingMs = leadingSinceMono === null ? 0 : view.nowMono - leadingSinceMono;
  const awaited = predecessor.mayHaveMore && leadingMs < promotionWaitsMs;
  if (fence.kind === 'under-way') return { intents: [], awaited, why: answersStill };
  const answers = stillAnswers(view, predecessor);
  if (answers === null && predecessor.mayHaveMore && leadingMs < firstProbeMs)
    return {
      intents: [],
      awaited: true,
      why: `whether ${predecessor.member} still answers is asked before the promotion`,
    };
  if (answers !== true || leadingMs > effortMs) return nothing;
  if (fence.kind === 'ended') {
    if (fence.outcome.kind !== 'failed' || fence.attempts >= attemptsMax) return nothing;
    if (view.nowMono - fence.atMono < tryAgainMs) return { intents: [], awaited, why: answersStill };
  }
  const { member, copyId, runId, mayHaveMore } = predecessor;
  const { systemIdentifier, timeline } = ends;
  const target: FenceTarget = { member, copyId, runId, systemIdentifier, timeline };
  return { intents: [{ kind: 'fence-remote', target, term, drain: mayHaveMore }], awaited, why: answersStill };
}

/** E5 is ok: somebody serves at its address, and no daemon there says that it is a standby by now. Null before it was asked. */
function stillAnswers(view: View, { member, address }: Predecessor): boolean | null {
  const { postgres: probe = null, report = null } = view.peers.get(member) ?? {};
  if (probe === null) return address === null ? false : null;
  const follows = report?.role === 'standby' && view.nowMono - report.atMono <= probeFreshMs;
  return probe.outcome === 'ok' && view.nowMono - probe.atMono <= probeFreshMs && !follows;
}
