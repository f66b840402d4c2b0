/** What a recording says so far, in the shape that is kept. Instants that nobody saw are null, and so are their phases. */
import type { MonoMs, Ms } from '../units.ts';
import { monoMs, wallMs } from '../units.ts';
import { INSTANT_NAMES, isHandOver } from './incident.ts';
import type { Incident, Instant, InstantName, Loss, Phases } from './incident.ts';
import { leaderChanged, mergeEvidence } from './recording.ts';
import type { Mark, Recording } from './recording.ts';

type Marks = Partial<Record<InstantName, Mark>>;

export function incidentOf(recording: Recording): Incident {
  const t0 = lastGoodWrite(recording);
  const marks: Marks = { ...recording.marks, ...(t0 === null ? {} : { t0 }) };
  return {
    v: 1,
    id: recording.id,
    cluster: recording.cluster,
    kind: recording.kind,
    trigger: recording.trigger,
    rule: recording.rule,
    because: recording.because,
    state: recording.closedBecause === null ? 'open' : 'closed',
    closedBecause: recording.closedBecause,
    oldLeader: recording.oldLeader,
    newLeader: recording.newLeader,
    oldTimeline: recording.oldTimeline,
    newTimeline: recording.newTimeline,
    forkLsn: recording.forkLsn,
    termBefore: recording.termBefore,
    termAfter: recording.termAfter,
    instants: Object.fromEntries(INSTANT_NAMES.map((name) => [name, instantOf(marks[name], t0)])) as Record<
      InstantName,
      Instant | null
    >,
    phases: phasesOf(marks),
    loss: recording.loss ?? lossOf(recording),
    mode: recording.mode,
    affectedSites: [],
    verdicts: [],
    evidence: recording.evidence,
    measuredBy: recording.measuredBy ?? 'standby',
    recordedBy: recording.recordedBy,
    amendments: [],
  };
}

/** RFC 3339, UTC, milliseconds. */
export const rfc3339 = (wall: number): string => new Date(wall).toISOString();

/**
 * The newest acknowledged probe, or a later commit that was replayed: true t0 lies between it and the first sign that
 * writes had stopped (a failed probe, the exit of the postmaster). A replayed commit carries another host's wall clock,
 * so it is inferred and believed only inside that range.
 */
function lastGoodWrite(recording: Recording): Mark | null {
  const { t0, t1, t2, t6, t7 } = recording.marks;
  const stops = [recording.firstFailedMono, recording.guardianExitMono, t6?.mono, t7?.mono]
    .filter((mono) => mono !== null && mono !== undefined)
    .filter((mono) => t0 === undefined || mono >= t0.mono);
  const stopMono = stops.length === 0 ? null : Math.min(...stops);
  const uncertaintyMs = (mono: MonoMs): Ms | null => (stopMono === null ? null : stopMono - mono);
  const replayed = recording.replayedCommitMono;
  const reference = t0 ?? t1 ?? t2;
  if (
    replayed !== null &&
    reference !== undefined &&
    (stopMono === null || replayed <= stopMono) &&
    (t0 === undefined || replayed > t0.mono)
  ) {
    return {
      mono: replayed,
      wall: wallMs(reference.wall + (replayed - reference.mono)),
      measured: false,
      uncertaintyMs: uncertaintyMs(replayed),
      by: 'timestamp of the newest replayed commit',
    };
  }
  return t0 === undefined ? null : { ...t0, uncertaintyMs: uncertaintyMs(t0.mono) };
}

const instantOf = (mark: Mark | undefined, t0: Mark | null): Instant | null =>
  mark === undefined
    ? null
    : {
        wall: rfc3339(mark.wall),
        monoMs: t0 === null ? null : mark.mono - t0.mono,
        measured: mark.measured,
        uncertaintyMs: mark.uncertaintyMs,
        by: mark.by,
      };

function phasesOf({ t0, t2, t3, t6, t7, t8 }: Marks): Phases {
  return {
    detection: atLeastZero(between(t0, t2)),
    decision: forwardOnly(between(t2, t3)),
    promotion: forwardOnly(between(t3, t6)),
    routing: forwardOnly(between(t6, t7)),
    outage: between(t0, t7),
    exposure: atLeastZero(between(t7, t8)),
  };
}

const between = (from: Mark | undefined, to: Mark | undefined): Ms | null =>
  from === undefined || to === undefined ? null : to.mono - from.mono;
const atLeastZero = (duration: Ms | null): Ms | null => (duration === null ? null : Math.max(0, duration));
/** Ends that came in the wrong order measure nothing. */
const forwardOnly = (duration: Ms | null): Ms | null => (duration === null || duration < 0 ? null : duration);

const none = (basis: string): Loss => ({ bytesMax: 0, timeMsMax: 0, provedNone: true, basis });
const unknown = (basis: string): Loss => ({ bytesMax: null, timeMsMax: null, provedNone: false, basis });

/** What may be assumed of the loss from how the leader changed (invariants I2 and I4). */
function lossOf(recording: Recording): Loss {
  const { kind, mode } = recording;
  if (!leaderChanged(recording)) {
    if (recording.marks.t7 === undefined) return unknown('not over yet');
    return none('no promotion: the same PostgreSQL went on with its own write-ahead log');
  }
  if (isHandOver(kind)) return none("the new primary had replayed the old one's shutdown checkpoint");
  if (kind === 'forced-failover')
    return unknown('an operator promoted this member without proof that it had every commit');
  if (mode === null) return unknown('the mode in force was not known to the recorder');
  if (mode === 'off') return unknown('mode off: commits did not wait for the standby');
  return none(`mode ${mode}: every acknowledged commit had waited for the member that took over`);
}

/**
 * Goes on with an open incident after a restart of the daemon that recorded it. Its instants are placed on this run's
 * monotonic clock by their wall time, their distances stay as they were; a note says so.
 */
export function recordingOf(incident: Incident, nowMono: MonoMs, nowWall: number): Recording {
  const { t0 } = incident.instants;
  const monoOfWall = (wall: string): number => Math.round(nowMono - (nowWall - Date.parse(wall)));
  const monoOf = (instant: Instant): number =>
    t0 === null || instant.monoMs === null ? monoOfWall(instant.wall) : monoOfWall(t0.wall) + instant.monoMs;
  const known = INSTANT_NAMES.flatMap((name) => {
    const instant = incident.instants[name];
    return instant === null ? [] : [{ name, instant }];
  });
  // What is recorded is past. A wall clock that was set back meanwhile would have every write come before t0.
  const ahead = Math.max(0, ...known.map(({ instant }) => monoOf(instant) - nowMono));
  const marks: Marks = {};
  for (const { name, instant } of known)
    marks[name] = { ...instant, mono: monoMs(monoOf(instant) - ahead), wall: wallMs(Date.parse(instant.wall)) };
  // Nobody here looked meanwhile, whether or not writes had failed before: the first one that succeeds is none before
  // the outage, and ends it.
  const stopped =
    marks.t0 === undefined ? (marks.t1?.mono ?? null) : monoMs(marks.t0.mono + (marks.t0.uncertaintyMs ?? 0));
  const note = { id: 'note', says: `the recorder was restarted; it went on at ${rfc3339(nowWall)}` } as const;
  const {
    v: _v,
    state: _state,
    instants: _instants,
    phases: _phases,
    affectedSites: _sites,
    verdicts: _verdicts,
    amendments: _amendments,
    ...kept
  } = incident;
  const recording: Recording = {
    ...kept,
    evidence: mergeEvidence(incident.evidence, [note]),
    marks,
    loss: null,
    firstFailedMono: stopped,
    lastFailedMono: stopped,
    replayedCommitMono: null,
    guardianExitMono: null,
    recovered: null,
  };
  const assumed = JSON.stringify(lossOf(recording)) === JSON.stringify(incident.loss);
  return assumed ? recording : { ...recording, loss: incident.loss };
}
