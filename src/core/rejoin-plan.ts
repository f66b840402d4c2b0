/** How a stopped data directory becomes a standby of the leader without losing what must not be lost (I9, I10). */
import type { HistoryRow } from './cluster.ts';
import { type Branch, findFork, isMonotone } from './timeline-history.ts';
import { formatLsn, type Lsn, type Timeline } from './units.ts';

export interface RejoinFacts {
  readonly own: {
    readonly systemIdentifier: string;
    /** Null when the timeline has ancestors and its history file is missing. */
    readonly branch: Branch | null;
    readonly timeline: Timeline;
    /** The furthest position that the control file vouches for. */
    readonly lsn: Lsn;
    /** It was out of recovery when it last ran: "in production", "shut down" and the like. */
    readonly wasPrimary: boolean;
    readonly standbySignal: boolean;
    /** Checksums or wal_log_hints: pg_rewind can tell which pages changed. */
    readonly rewindable: boolean;
    /** What the marker of an interrupted rewind or clone says. */
    readonly unstartable: string | null;
  };
  readonly leader: {
    readonly systemIdentifier: string;
    readonly branch: Branch | null;
    readonly timeline: Timeline;
    readonly inRecovery: boolean;
    readonly checkpointTimeline: Timeline;
  };
  /** The cluster's `history` key. */
  readonly rows: readonly HistoryRow[];
  /** What pg_waldump finds on our timeline from the fork on; `unknown` when it could not read that far. */
  readonly beyondFork: 'nothing' | 'records' | 'unknown';
  /**
   * Whether the newest common timeline begins with the same record here and at the leader. A promotion's first record
   * holds its time, so that two promotions to one number at one position are told apart.
   */
  readonly firstRecord: 'same' | 'different' | 'unknown';
  /** Whether the leader still has the WAL that comes after ours, or an archive may. */
  readonly nextWal: 'there' | 'gone' | 'unknown';
}

export type RejoinPlan =
  | { readonly kind: 'follow' }
  | { readonly kind: 'rewind'; readonly forkLsn: Lsn }
  | { readonly kind: 'clone'; readonly why: string }
  /** Not yet: ask again in a moment. */
  | { readonly kind: 'wait'; readonly why: string }
  /** Nothing may be done with this directory. */
  | { readonly kind: 'refuse'; readonly why: string };

export function planRejoin(facts: RejoinFacts): RejoinPlan {
  const { own, leader } = facts;
  if (own.systemIdentifier !== leader.systemIdentifier) {
    return {
      kind: 'refuse',
      why: `the data here is of system ${own.systemIdentifier}, the leader's of ${leader.systemIdentifier}: another cluster`,
    };
  }
  if (leader.inRecovery) return { kind: 'wait', why: 'the leader is still in recovery' };
  if (own.unstartable !== null) return { kind: 'clone', why: own.unstartable };
  if (own.branch === null)
    return { kind: 'clone', why: `the history file of timeline ${own.timeline} is missing here` };
  if (leader.branch === null) {
    return { kind: 'wait', why: `the history file of the leader's timeline ${leader.timeline} cannot be read` };
  }
  const contradiction = contradictsRows(leader.branch, facts.rows);
  if (contradiction !== null) return { kind: 'clone', why: contradiction };
  const plan =
    own.timeline === leader.timeline
      ? onSameTimeline(facts, own.branch, leader.branch)
      : onOther(facts, own.branch, leader.branch);
  if (plan.kind !== 'follow' || facts.nextWal !== 'gone') return plan;
  return { kind: 'clone', why: 'it has fallen behind: the leader no longer has the WAL that comes next' };
}

/** An equal number proves nothing: the whole history must agree, and the timeline must not be one that we made. */
function onSameTimeline(facts: RejoinFacts, own: Branch, leader: Branch): RejoinPlan {
  const { timeline } = leader;
  const fork = findFork(own, leader);
  if (fork === null || fork.forkLsn !== null || fork.timeline !== timeline) {
    return { kind: 'clone', why: `timeline ${timeline} here and at the leader have different histories` };
  }
  if (facts.firstRecord === 'different') return differentPromotions(timeline);
  if (facts.own.wasPrimary && !facts.own.standbySignal) {
    return { kind: 'clone', why: `this member wrote on timeline ${timeline} itself, and so does the leader` };
  }
  return { kind: 'follow' };
}

function onOther(facts: RejoinFacts, own: Branch, leader: Branch): RejoinPlan {
  const fork = findFork(own, leader);
  if (fork === null || fork.forkLsn === null) return { kind: 'clone', why: 'the histories have no timeline in common' };
  if (facts.firstRecord === 'different') return differentPromotions(fork.timeline);
  if (!isMonotone(leader.ancestors)) {
    return { kind: 'clone', why: `the leader's history is out of order: it was promoted behind an older fork` };
  }
  const beyond = !fork.ownIsThere || facts.beyondFork !== 'nothing' || facts.own.lsn > fork.forkLsn;
  if (!beyond) return { kind: 'follow' };
  if (!facts.own.rewindable) {
    return {
      kind: 'clone',
      why: `it diverged at ${formatLsn(fork.forkLsn)} and has neither checksums nor wal_log_hints`,
    };
  }
  if (facts.leader.checkpointTimeline !== leader.timeline) {
    return { kind: 'wait', why: `the leader has made no checkpoint on timeline ${leader.timeline} yet` };
  }
  return { kind: 'rewind', forkLsn: fork.forkLsn };
}

const differentPromotions = (timeline: Timeline): RejoinPlan => ({
  kind: 'clone',
  why: `timeline ${timeline} here and at the leader come from different promotions`,
});

/** The newest row that speaks of a timeline must agree with where the leader says that timeline ended. */
function contradictsRows(leader: Branch, rows: readonly HistoryRow[]): string | null {
  for (const line of leader.ancestors) {
    const row = rows.findLast((each) => each.timeline === line.timeline);
    if (row !== undefined && row.lsn !== line.endLsn) {
      return `the leader says that timeline ${line.timeline} ended at ${formatLsn(line.endLsn)}, the cluster's history says ${formatLsn(row.lsn)}`;
    }
  }
  return null;
}
