/** An incident in the making: what the recorder remembers of it, and how one fact changes that. */
import type { SyncMode } from '../cluster.ts';
import type { MonoMs, Ms, WallMs } from '../units.ts';
import { monoMs, wallMs } from '../units.ts';
import { isHandOver } from './incident.ts';
import type { Evidence, Incident, IncidentKind, InstantName, Loss, MeasuredBy, Place } from './incident.ts';

/** One moment by both clocks of the recorder's host. The monotonic part is whole milliseconds, so that sums add up. */
export interface Mark {
  readonly mono: MonoMs;
  readonly wall: WallMs;
  readonly measured: boolean;
  readonly uncertaintyMs: Ms | null;
  readonly by: string;
}

export interface Recording {
  readonly id: string;
  readonly cluster: string;
  readonly recordedBy: string;
  readonly kind: IncidentKind;
  readonly trigger: string;
  readonly rule: string | null;
  readonly because: string;
  readonly oldLeader: Place | null;
  readonly newLeader: Place | null;
  readonly oldTimeline: number | null;
  readonly newTimeline: number | null;
  readonly forkLsn: string | null;
  readonly termBefore: number | null;
  readonly termAfter: number | null;
  readonly mode: SyncMode | null;
  readonly measuredBy: MeasuredBy | null;
  readonly evidence: readonly Evidence[];
  /** Set when somebody who knows says so; else it follows from kind and mode. */
  readonly loss: Loss | null;
  /** t0 is the newest acknowledged write; the bounds below may narrow it. */
  readonly marks: Readonly<Partial<Record<InstantName, Mark>>>;
  /** First and newest failed write since t0. */
  readonly firstFailedMono: MonoMs | null;
  readonly lastFailedMono: MonoMs | null;
  readonly replayedCommitMono: MonoMs | null;
  readonly guardianExitMono: MonoMs | null;
  /** Writes go through again without a change of leader: becomes t7 if that lasts, forgotten if they fail again. */
  readonly recovered: Mark | null;
  readonly closedBecause: Incident['closedBecause'];
}

const TEXT_LENGTH_MAX = 600;
const NOTES_MAX = 8;

export const clipped = (text: string): string =>
  text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX - 1)}…` : text;

export const markAt = (mono: MonoMs, wall: WallMs, by: string, uncertaintyMs: Ms | null = 0): Mark => ({
  mono: monoMs(Math.round(mono)),
  wall: wallMs(Math.round(wall)),
  measured: true,
  uncertaintyMs,
  by: clipped(by),
});

export const withMark = (recording: Recording, name: InstantName, mark: Mark): Recording => ({
  ...recording,
  marks: { ...recording.marks, [name]: mark },
});

export const firstMark = (recording: Recording, name: InstantName, mark: Mark): Recording =>
  recording.marks[name] === undefined ? withMark(recording, name, mark) : recording;

/** Newest sentence per kind of evidence; notes accumulate up to a limit. */
export function mergeEvidence(known: readonly Evidence[], news: readonly Evidence[]): readonly Evidence[] {
  const merged = new Map(known.filter(({ id }) => id !== 'note').map((entry) => [entry.id, entry]));
  const notes = known.filter(({ id }) => id === 'note');
  for (const { id, says } of news) {
    const entry = { id, says: clipped(says) };
    if (id !== 'note') merged.set(id, entry);
    else if (!notes.some((note) => note.says === entry.says)) notes.push(entry);
  }
  return [...[...merged.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)), ...notes.slice(0, NOTES_MAX)];
}

/** Somebody else than the old leader leads now. */
export const leaderChanged = ({ oldLeader, newLeader }: Recording): boolean =>
  newLeader !== null && newLeader.member !== oldLeader?.member;

/** A change of leader was decided, and neither that has happened nor are writes back: redundancy proves nothing. */
const changeAwaited = (recording: Recording): boolean =>
  recording.marks.t3 === undefined &&
  recording.marks.t7 === undefined &&
  (recording.kind === 'failover' || wasAskedFor(recording));

/** An operator's request does not heal, and stays what it is when the leader changes. */
export const wasAskedFor = ({ kind }: Recording): boolean => isHandOver(kind) || kind === 'forced-failover';

export interface WriteOk {
  readonly mark: Mark;
  readonly target: string;
  readonly by: MeasuredBy;
}

/** `lastsMs`: how long writes must go through, without a change of leader, to count as recovered. */
export function afterWriteOk(
  before: Recording,
  { mark, target, by }: WriteOk,
  lastsMs: Ms,
  redundant: boolean,
): Recording {
  const { t0, t3, t6, t7 } = before.marks;
  const recording = { ...before, measuredBy: before.measuredBy ?? by };
  if (t7 !== undefined || (t0 !== undefined && mark.mono < t0.mono)) return before;
  const good = { ...mark, uncertaintyMs: sinceNewest(mark.mono, [before.lastFailedMono, t6?.mono, t0?.mono]) };
  if (leaderChanged(recording)) {
    if (target === recording.newLeader?.member) {
      return mark.mono >= (t6 ?? t3 ?? mark).mono ? settled(recording, good, redundant) : before;
    }
    if (t6 !== undefined && mark.mono > t6.mono) return noted(recording, lateWrite(target, mark.mono - t6.mono));
    return recording.firstFailedMono === null ? withMark(recording, 't0', mark) : before;
  }
  if (recording.oldLeader !== null && target !== recording.oldLeader.member) return before;
  if (t6 !== undefined && mark.mono >= t6.mono) return settled(recording, good, redundant);
  const stopped = stoppedMono(recording);
  if (stopped === null || mark.mono <= stopped) return withMark(recording, 't0', mark);
  if (recording.recovered === null) return { ...recording, recovered: good };
  const lasted = mark.mono - recording.recovered.mono >= lastsMs;
  return lasted ? settled(recording, recording.recovered, redundant) : recording;
}

/**
 * The first sign that writes had stopped: a failed one, or the exit of the postmaster after the last good one. Without a
 * good write on record nobody has seen service since the doubt began; what was asked for begins while service goes on.
 */
export function stoppedMono(recording: Recording): MonoMs | null {
  const { marks, firstFailedMono, guardianExitMono } = recording;
  const { t0, t1 } = marks;
  const exited =
    guardianExitMono === null || (t0 !== undefined && guardianExitMono < t0.mono) ? [] : [guardianExitMono];
  const signs = firstFailedMono === null ? exited : [firstFailedMono, ...exited];
  if (signs.length > 0) return monoMs(Math.min(...signs));
  return t0 !== undefined || t1 === undefined || wasAskedFor(recording) ? null : t1.mono;
}

const lateWrite = (target: string, lateMs: Ms): string =>
  `${target} acknowledged a write ${lateMs} ms after its successor accepted writes`;

export const noted = (recording: Recording, says: string): Recording => ({
  ...recording,
  evidence: mergeEvidence(recording.evidence, [{ id: 'note', says }]),
});

export function afterWriteFailed(recording: Recording, atMono: MonoMs, by: MeasuredBy): Recording {
  const at = monoMs(Math.round(atMono));
  const { t0, t7 } = recording.marks;
  if (t7 !== undefined || (t0 !== undefined && at < t0.mono)) return recording;
  return {
    ...recording,
    measuredBy: recording.measuredBy ?? by,
    firstFailedMono: recording.firstFailedMono ?? at,
    lastFailedMono: at,
    recovered: null,
  };
}

/** The doubts are gone without a change of leader. Only a declared failure heals: an operator's request does not. */
export function afterHealed(recording: Recording, at: Mark, redundant: boolean): Recording {
  if (recording.marks.t7 !== undefined || leaderChanged(recording) || wasAskedFor(recording)) {
    return recording;
  }
  if (recording.recovered !== null) return settled(recording, recording.recovered, redundant);
  return stoppedMono(recording) === null ? withoutOutage(recording, at, redundant) : recording;
}

/** Closed with an outage of 0 ms: something was declared and no write ever failed. */
export function withoutOutage(recording: Recording, at: Mark, redundant: boolean): Recording {
  const { t0 } = recording.marks;
  const unbroken = t0 === undefined ? recording : withMark(recording, 't7', { ...t0, by: 'no write failed' });
  const marked = redundant ? firstMark(unbroken, 't8', at) : unbroken;
  return { ...marked, closedBecause: 'healed' };
}

export function afterRedundant(recording: Recording, at: Mark): Recording {
  const { t3 } = recording.marks;
  if (changeAwaited(recording) || (t3 !== undefined && at.mono < t3.mono)) return recording;
  return closedWhenDone(firstMark(recording, 't8', at));
}

export function afterRedundancyLost(recording: Recording): Recording {
  const { t8, ...marks } = recording.marks;
  return t8 === undefined ? recording : { ...recording, marks };
}

function settled(recording: Recording, t7: Mark, redundant: boolean): Recording {
  const { t6 } = recording.marks;
  // The loop looks later than the probe.
  const accepting = t6 === undefined || t6.mono <= t7.mono ? recording : withMark(recording, 't6', noLaterThan(t7));
  const served = {
    ...withMark(accepting, 't7', t7),
    recovered: null,
    newLeader: recording.newLeader ?? recording.oldLeader,
  };
  // A change of leader begins without redundancy: whoever is redundant now was told so since.
  const by = leaderChanged(recording) ? 'redundant by then' : 'redundancy was not lost';
  return closedWhenDone(redundant ? firstMark(served, 't8', { ...t7, by }) : served);
}

/** When it was accepting writes, of which this was a good one. */
export const noLaterThan = (good: Mark): Mark => ({
  ...good,
  measured: false,
  by: 'no later than the first good write',
});

function closedWhenDone(recording: Recording): Recording {
  const done = recording.marks.t7 !== undefined && recording.marks.t8 !== undefined;
  return done ? { ...recording, closedBecause: 'redundant' } : recording;
}

function sinceNewest(mono: MonoMs, earlier: readonly (MonoMs | null | undefined)[]): Ms | null {
  const known = earlier.filter((at) => at !== null && at !== undefined).filter((at) => at <= mono);
  return known.length === 0 ? null : mono - Math.max(...known);
}
