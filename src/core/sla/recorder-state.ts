/** What the recorder remembers between two facts, and how an incident opens in it. */
import type { SyncMode } from '../cluster.ts';
import type { MemberName, MonoMs, Ms, Revision, Timeline } from '../units.ts';
import { rfc3339 } from './incident-of.ts';
import type { Evidence, IncidentKind, MeasuredBy, Place } from './incident.ts';
import type { RecorderFact } from './recorder-fact.ts';
import { clipped, mergeEvidence } from './recording.ts';
import type { Mark, Recording } from './recording.ts';

export interface RecorderState {
  readonly cluster: string;
  readonly recordedBy: MemberName;
  readonly incidentAfterMs: Ms;
  readonly leader: Place | null;
  readonly term: Revision | null;
  readonly timeline: Timeline | null;
  readonly mode: SyncMode | null;
  /** Null: nobody said yet. */
  readonly redundant: boolean | null;
  /** Newest acknowledged write of this leader. */
  readonly lastGood: { readonly mark: Mark; readonly by: MeasuredBy } | null;
  /** What narrows t0, as known since the last good write. */
  readonly bounds: { readonly replayedCommitMono: MonoMs | null; readonly guardianExitMono: MonoMs | null };
  /** While an outage goes on there is no doubt beside it. */
  readonly doubt: Doubt | null;
  readonly open: Recording | null;
  /** A takeover that was decided on and is not won yet. */
  readonly decided: Extract<RecorderFact, { readonly kind: 'declared' }> | null;
  /** Wall time in the newest incident's id, so that no id is given twice. */
  readonly newestIdWall: number | null;
}

export interface Doubt {
  readonly since: Mark;
  readonly evidence: readonly Evidence[];
  /** There is evidence other than failed writes: a good write alone does not heal it. */
  readonly suspected: boolean;
  readonly firstFailedMono: MonoMs | null;
  readonly lastFailedMono: MonoMs | null;
}

export interface Cause {
  readonly kind: IncidentKind;
  readonly trigger: string;
  readonly rule: string | null;
  readonly because: string;
  readonly evidence: readonly Evidence[];
}

/** The open incident as long as its outage goes on; null once writes go through again (t7). */
export const outageOf = ({ open }: RecorderState): Recording | null =>
  open === null || open.marks.t7 !== undefined ? null : open;

/** What is open is followed by another incident: it ends without t8. */
export const supersededBy = (state: RecorderState): { superseded?: Recording } =>
  state.open === null ? {} : { superseded: { ...state.open, closedBecause: 'superseded' } };

/** t1 is taken back to the doubt, if there was one. */
export function opened(state: RecorderState, at: Mark, cause: Cause): RecorderState {
  const { doubt, lastGood } = state;
  const t1 = doubt === null || doubt.since.mono > at.mono ? at : doubt.since;
  const idWall = Math.max(t1.wall, (state.newestIdWall ?? t1.wall - 1) + 1);
  const open: Recording = {
    id: `${state.cluster}-${rfc3339(idWall)
      .replace(/[-:.Z]/g, '')
      .replace('T', '-')}-${state.recordedBy}`,
    cluster: state.cluster,
    recordedBy: state.recordedBy,
    kind: cause.kind,
    trigger: clipped(cause.trigger),
    rule: cause.rule,
    because: clipped(cause.because),
    oldLeader: state.leader,
    newLeader: null,
    oldTimeline: state.timeline,
    newTimeline: null,
    forkLsn: null,
    termBefore: state.term,
    termAfter: null,
    mode: state.mode,
    measuredBy: lastGood?.by ?? null,
    evidence: mergeEvidence(doubt?.evidence ?? [], cause.evidence),
    loss: null,
    marks: { ...(lastGood === null ? {} : { t0: lastGood.mark }), t1 },
    firstFailedMono: doubt?.firstFailedMono ?? null,
    lastFailedMono: doubt?.lastFailedMono ?? null,
    ...state.bounds,
    recovered: null,
    closedBecause: null,
  };
  return { ...state, open, doubt: null, newestIdWall: idWall };
}
