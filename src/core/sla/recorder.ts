/**
 * The recorder: a fold over facts that makes near misses and incidents of them. Pure, and total: it takes facts in any
 * order, never throws, and leaves null what nobody told it. One recorder follows one cluster from one host, so all
 * instants of an incident are of one monotonic clock.
 */
import { absurd } from '../result.ts';
import { second } from '../units.ts';
import type { MemberName, MonoMs, Ms, WallMs } from '../units.ts';
import { incidentOf, recordingOf } from './incident-of.ts';
import { INSTANT_NAMES } from './incident.ts';
import type { Incident } from './incident.ts';
import {
  acceptingWrites,
  boundsKnown,
  calledOff,
  declared,
  leaderSeen,
  leadershipChanged,
  recordedElsewhere,
  redundancy,
} from './recorder-events.ts';
import type { Applied, At, RecorderFact, RecorderOutput } from './recorder-fact.ts';
import { healed, suspected, writeFailed, writeOk } from './recorder-doubt.ts';
import type { RecorderState } from './recorder-state.ts';
import { firstMark, markAt, noted } from './recording.ts';
import type { Recording } from './recording.ts';

export type { RecorderFact, RecorderOutput } from './recorder-fact.ts';
export type { RecorderState } from './recorder-state.ts';

export interface Step {
  readonly state: RecorderState;
  readonly output: readonly RecorderOutput[];
}

/** `incidentAfterMs`: for how long writes must fail until that is an incident without any rule's help. */
export const newRecorder = (
  cluster: string,
  recordedBy: MemberName,
  incidentAfterMs: Ms = 2 * second,
): RecorderState => ({
  cluster,
  recordedBy,
  incidentAfterMs,
  leader: null,
  term: null,
  timeline: null,
  mode: null,
  redundant: null,
  lastGood: null,
  bounds: { replayedCommitMono: null, guardianExitMono: null },
  doubt: null,
  open: null,
  decided: null,
  newestIdWall: null,
});

/**
 * Goes on with an incident that this member left open when its daemon ended. Another member's incident and a closed
 * one leave the state as it is: their clock is not ours, and closing is final.
 */
export function resumeRecorder(
  state: RecorderState,
  incident: Incident,
  nowMono: MonoMs,
  nowWall: WallMs,
): RecorderState {
  const ours = incident.recordedBy === state.recordedBy && incident.cluster === state.cluster;
  return incident.state === 'open' && ours ? { ...state, open: recordingOf(incident, nowMono, nowWall) } : state;
}

/**
 * One fact. A later t0 alone, and what only narrows it, is not reported: it comes with the next change of anything
 * else. A closed incident is reported once and forgotten.
 */
export function recordFact(before: RecorderState, fact: RecorderFact): Step {
  const { state, superseded, nearMiss } = applied(before, fact);
  const output: RecorderOutput[] = [];
  if (superseded !== undefined) output.push({ kind: 'changed', incident: incidentOf(superseded) });
  if (state.open !== null && (superseded !== undefined || tellsMore(before.open, state.open))) {
    output.push({ kind: 'changed', incident: incidentOf(state.open) });
  }
  if (nearMiss !== undefined) output.push({ kind: 'near-miss', nearMiss });
  const done = state.open !== null && state.open.closedBecause !== null;
  return { state: done ? { ...state, open: null } : state, output };
}

function applied(state: RecorderState, fact: RecorderFact): Applied {
  switch (fact.kind) {
    case 'write-ok':
      return writeOk(state, fact);
    case 'write-failed':
      return writeFailed(state, fact);
    case 'recorded-elsewhere':
      return { state: recordedElsewhere(state) };
    case 'suspected':
      return suspected(state, fact);
    case 'healed':
      return healed(state, fact);
    case 'declared':
      return declared(state, fact);
    case 'called-off':
      return { state: calledOff(state, fact) };
    case 'leadership-won':
    case 'leader-changed-elsewhere':
      return leadershipChanged(state, fact);
    case 'leader-seen':
      return { state: leaderSeen(state, fact) };
    case 'old-primary-fenced':
      return { state: marked(state, 't4', fact, fact.how) };
    case 'promotion-requested':
      return { state: marked(state, 't5', fact, 'promotion requested') };
    case 'accepting-writes':
      return { state: acceptingWrites(state, fact) };
    case 'redundant':
    case 'redundancy-lost':
      return { state: redundancy(state, fact) };
    case 'last-write-bounds':
      return { state: boundsKnown(state, fact) };
    case 'noted':
      return { state: state.open === null ? state : { ...state, open: noted(state.open, fact.says) } };
    case 'loss-known':
      return { state: state.open === null ? state : { ...state, open: { ...state.open, loss: fact.loss } } };
    default:
      return absurd(fact);
  }
}

const marked = (state: RecorderState, name: 't4' | 't5', { atMono, wall }: At, by: string): RecorderState =>
  state.open === null ? state : { ...state, open: firstMark(state.open, name, markAt(atMono, wall, by)) };

/** Whether a report of the one would say something else than a report of the other, a later t0 and its bounds aside. */
function tellsMore(before: Recording | null, recording: Recording): boolean {
  if (before === recording) return false;
  if (before === null) return true;
  return !sameParts(before, recording) && essence(before) !== essence(recording);
}

/** Cheap, and never true in error: while an outage lasts, a hundred failed writes a second change only its bounds. */
function sameParts(one: Recording, other: Recording): boolean {
  const keys = Object.keys(one) as (keyof Recording)[];
  return (
    keys.every((key) => one[key] === other[key] || key === 'marks' || bounds.has(key)) &&
    INSTANT_NAMES.every((name) => name === 't0' || one.marks[name] === other.marks[name])
  );
}

/** What narrows t0 shows nowhere else in a report. */
const bounds: ReadonlySet<keyof Recording> = new Set([
  'firstFailedMono',
  'lastFailedMono',
  'replayedCommitMono',
  'guardianExitMono',
  'recovered',
]);

function essence(recording: Recording): string {
  const { t0: _t0, ...marks } = recording.marks;
  return JSON.stringify(incidentOf({ ...recording, marks, replayedCommitMono: null }));
}
