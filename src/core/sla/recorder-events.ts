/** What rules, etcd and PostgreSQL did: declarations, changes of leader, promotion, redundancy. */
import { formatLsn, monoMs } from '../units.ts';
import type { Applied, RecorderFact } from './recorder-fact.ts';
import { opened, outageOf, supersededBy } from './recorder-state.ts';
import type { RecorderState } from './recorder-state.ts';
import {
  afterRedundancyLost,
  afterRedundant,
  clipped,
  firstMark,
  leaderChanged,
  markAt,
  mergeEvidence,
  noLaterThan,
  stoppedMono,
  wasAskedFor,
  withMark,
  withoutOutage,
} from './recording.ts';
import type { Recording } from './recording.ts';

type Fact<Kind extends RecorderFact['kind']> = Extract<RecorderFact, { readonly kind: Kind }>;

export function declared(state: RecorderState, fact: Fact<'declared'>): Applied {
  const outage = outageOf(state);
  if (outage !== null) return { state: { ...state, open: { ...redeclared(outage, fact), ...lossOf(fact) } } };
  return fact.awaits === 'leadership' ? { state: { ...state, decided: state.decided ?? fact } } : begins(state, fact);
}

function begins(state: RecorderState, fact: Fact<'declared'>): Applied {
  const { rule, trigger, because, evidence } = fact;
  const at = markAt(fact.atMono, fact.wall, `rule ${rule}`);
  const begun = opened(state, at, { kind: fact.incident, rule, trigger, because, evidence });
  const open = begun.open && { ...withMark(begun.open, 't2', at), ...lossOf(fact) };
  return { state: { ...begun, open }, ...supersededBy(state) };
}

const lossOf = ({ loss }: Fact<'declared'>): Pick<Recording, 'loss'> | Record<never, never> =>
  loss === undefined ? {} : { loss };

/**
 * A rule speaks while an outage goes on already. The first rule's t2 stays; t2 of an incident that only the write probe
 * opened moves to the rule, unless somebody leads already. Another kind of incident takes over trigger and rule.
 */
function redeclared(outage: Recording, fact: Fact<'declared'>): Recording {
  const at = markAt(fact.atMono, fact.wall, `rule ${fact.rule}`);
  const evidence = mergeEvidence(outage.evidence, fact.evidence);
  const taken = outage.marks.t3 !== undefined;
  if (outage.rule !== null && (outage.kind === fact.incident || taken)) return { ...outage, evidence };
  const named = {
    ...outage,
    kind: fact.incident,
    rule: fact.rule,
    trigger: clipped(fact.trigger),
    because: clipped(fact.because),
    evidence,
  };
  return outage.rule === null && !taken ? withMark(named, 't2', at) : firstMark(named, 't2', at);
}

/** Closes it at once when no write had failed; else the outage goes on until writes do. */
export function calledOff(state: RecorderState, fact: Fact<'called-off'>): RecorderState {
  const outage = outageOf(state);
  if (outage === null || leaderChanged(outage)) return state;
  const evidence = mergeEvidence(outage.evidence, [{ id: 'note', says: `called off: ${fact.because}` }]);
  const open = { ...outage, evidence };
  if (stoppedMono(open) !== null) return { ...state, open };
  const at = markAt(fact.atMono, fact.wall, 'redundancy was not lost');
  return { ...state, open: withoutOutage(open, at, state.redundant === true) };
}

/** An outage that goes on has one record; one that is over and waits for redundancy is another outage's. */
export function recordedElsewhere(state: RecorderState): RecorderState {
  const outage = outageOf(state);
  const undoubted = { ...state, doubt: null, decided: null };
  return outage === null ? undoubted : { ...undoubted, open: { ...outage, closedBecause: 'superseded' } };
}

/**
 * Winning without having declared opens an incident: a change of leader always interrupts somebody. Seeing another
 * member win opens none, because that member records it.
 */
export function leadershipChanged(
  before: RecorderState,
  fact: Fact<'leadership-won' | 'leader-changed-elsewhere'>,
): Applied {
  const { decided } = before;
  const undecided = { ...before, decided: null };
  if (decided === null || fact.kind !== 'leadership-won' || outageOf(before) !== null) return changed(undecided, fact);
  const begun = begins(undecided, decided);
  return { ...begun, ...changed(begun.state, fact) };
}

function changed(state: RecorderState, fact: Fact<'leadership-won' | 'leader-changed-elsewhere'>): Applied {
  const { leader, term, previousLeader } = fact;
  const outage = outageOf(state);
  if (outage !== null && outage.termAfter === term && outage.newLeader?.member === leader.member) return { state };
  const same = state.leader?.member === leader.member;
  // Nobody led before as far as this run knows: what it was told of redundancy is of this leader.
  const forgotten =
    same || state.leader === null ? {} : { redundant: false, lastGood: null, doubt: null, timeline: null };
  const led = { leader, term, ...forgotten, bounds: { replayedCommitMono: null, guardianExitMono: null } };
  if (outage !== null) return { state: { ...state, ...led, open: ledBy(outage, fact) } };
  const others =
    fact.kind === 'leader-changed-elsewhere' || previousLeader === null || previousLeader.member === leader.member;
  if (same || others) return { state: { ...state, ...led } };
  const known = { ...state, leader: state.leader ?? previousLeader, term: state.term ?? fact.previousTerm };
  const because = `${leader.member} took over from ${known.leader.member} by no rule of this daemon`;
  const at = markAt(fact.atMono, fact.wall, 'change of leader');
  const begun = opened(known, at, { kind: 'failover', trigger: 'leader-changed', rule: null, because, evidence: [] });
  return { state: { ...begun, ...led, open: begun.open && ledBy(begun.open, fact) }, ...supersededBy(state) };
}

function ledBy(outage: Recording, fact: Omit<Fact<'leader-changed-elsewhere'>, 'kind'>): Recording {
  const { t5: _t5, t6: _t6, t8: _t8, ...marks } = outage.marks;
  const known = {
    ...outage,
    oldLeader: outage.oldLeader ?? fact.previousLeader,
    termBefore: outage.termBefore ?? fact.previousTerm,
    newLeader: fact.leader,
    termAfter: fact.term,
  };
  const t3 = markAt(fact.atMono, fact.wall, `leader key of ${fact.leader.member}`);
  const stays = !leaderChanged(known);
  // What a candidate did that leads no longer is no promotion of whoever leads now.
  if (stays && (outage.newLeader === null || outage.newLeader.member === fact.leader.member))
    return withMark(known, 't3', t3);
  const kept = stays || wasAskedFor(outage);
  // Two changes of leader interrupted writes, whether or not a probe saw one fail.
  const firstFailedMono = outage.firstFailedMono ?? (stays ? t3.mono : null);
  return withMark(
    { ...known, kind: kept ? outage.kind : 'failover', marks, recovered: null, firstFailedMono },
    't3',
    t3,
  );
}

/** Say a change of leader by its own fact first: afterwards this one would hide it. */
export function leaderSeen(state: RecorderState, fact: Fact<'leader-seen'>): RecorderState {
  const same = state.leader === null || state.leader.member === fact.leader.member;
  const forgotten = same ? {} : { redundant: null, lastGood: null, doubt: null };
  const open = state.open === null ? null : { ...ledMeanwhile(state.open, fact), mode: state.open.mode ?? fact.mode };
  return {
    ...state,
    ...forgotten,
    leader: fact.leader,
    term: fact.term,
    timeline: fact.timeline ?? state.timeline,
    mode: fact.mode,
    open,
  };
}

/** The record waits for the writes of somebody who lost the leadership while nobody recorded: it would wait for ever. */
function ledMeanwhile(open: Recording, fact: Fact<'leader-seen'>): Recording {
  const awaited = open.newLeader ?? open.oldLeader;
  if (open.marks.t7 !== undefined || awaited === null || awaited.member === fact.leader.member) return open;
  return ledBy(open, { ...fact, previousLeader: awaited, previousTerm: null });
}

export function acceptingWrites(state: RecorderState, fact: Fact<'accepting-writes'>): RecorderState {
  const next = { ...state, timeline: fact.timeline };
  const { open } = state;
  // A write may have succeeded before anybody looked: then it was accepting writes by that time.
  if (open === null || (open.marks.t7 !== undefined && open.marks.t6 !== undefined)) return next;
  const seen = markAt(fact.atMono, fact.wall, 'out of recovery, admits clients');
  const { t7 } = open.marks;
  const t6 = t7 !== undefined && t7.mono < seen.mono ? noLaterThan(t7) : seen;
  const forkLsn = fact.forkLsn === null ? open.forkLsn : formatLsn(fact.forkLsn);
  const led = { newLeader: open.newLeader ?? state.leader, termAfter: open.termAfter ?? state.term };
  return { ...next, open: { ...firstMark(open, 't6', t6), ...led, newTimeline: fact.timeline, forkLsn } };
}

export function redundancy(state: RecorderState, fact: Fact<'redundant' | 'redundancy-lost'>): RecorderState {
  const redundant = fact.kind === 'redundant';
  const next = { ...state, redundant };
  if (state.open === null) return next;
  const at = markAt(fact.atMono, fact.wall, 'standby is redundant again');
  return { ...next, open: redundant ? afterRedundant(state.open, at) : afterRedundancyLost(state.open) };
}

export function boundsKnown(state: RecorderState, fact: Fact<'last-write-bounds'>): RecorderState {
  const { replayedCommitWall, guardianExitMono } = fact;
  const news = {
    ...(replayedCommitWall === null
      ? {}
      : { replayedCommitMono: monoMs(Math.round(fact.atMono - (fact.wall - replayedCommitWall))) }),
    ...(guardianExitMono === null ? {} : { guardianExitMono: monoMs(Math.round(guardianExitMono)) }),
  };
  const outage = outageOf(state);
  if (outage !== null) return { ...state, open: { ...outage, ...news } };
  return { ...state, bounds: { ...state.bounds, ...news } };
}
