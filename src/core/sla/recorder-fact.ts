/** What the recorder is told, and what it has to say. */
import type { SyncMode } from '../cluster.ts';
import type { Lsn, MemberName, MonoMs, Ms, Revision, Timeline, WallMs } from '../units.ts';
import type { Evidence, Incident, IncidentKind, Loss, MeasuredBy, Place } from './incident.ts';
import type { RecorderState } from './recorder-state.ts';
import type { Recording } from './recording.ts';

/** Every fact says when it happened by both clocks of this host: `wall` is the wall clock at that same moment. */
export interface At {
  readonly atMono: MonoMs;
  readonly wall: WallMs;
}

export type RecorderFact =
  /** A probe commit was acknowledged. `wall` is at `ackedMono`. */
  | {
      readonly kind: 'write-ok';
      readonly sentMono: MonoMs;
      readonly ackedMono: MonoMs;
      readonly wall: WallMs;
      readonly target: MemberName;
      readonly by: MeasuredBy;
    }
  /** A probe commit failed; `atMono` is when that was known. */
  | (At & {
      readonly kind: 'write-failed';
      readonly target: MemberName;
      readonly problem: string;
      readonly by: MeasuredBy;
      /** It is somebody else's to record this outage: it stays a doubt here, however long it lasts. */
      readonly opensNothing?: true;
    })
  /** Another recorder has this outage: what is open here without an end is superseded. Opens nothing. */
  | (At & { readonly kind: 'recorded-elsewhere' })
  /** First doubt about the leader, or more evidence for it. */
  | (At & { readonly kind: 'suspected'; readonly evidence: readonly Evidence[] })
  /** Every doubt is gone. What was left of it is kept elsewhere (core/doubt). */
  | (At & { readonly kind: 'healed' })
  /** A rule decided that the leader has failed, or that an operator's request is to be carried out. */
  | (At & {
      readonly kind: 'declared';
      readonly rule: string;
      readonly trigger: string;
      readonly because: string;
      readonly incident: IncidentKind;
      readonly evidence: readonly Evidence[];
      /** This member means to take the leadership. Opens nothing before it has: whoever wins records the outage. */
      readonly awaits?: 'leadership';
      /** What it will have cost, where whoever decides knows that already. */
      readonly loss?: Loss;
    })
  /** What was declared is not carried out: a switchover that was refused or rolled back. */
  | (At & { readonly kind: 'called-off'; readonly because: string })
  /** This member holds the leader key. Opens an incident if it was taken from another and nothing was declared. */
  | (At & LeaderChange & { readonly kind: 'leadership-won' })
  /** Another member holds it, as the watch showed. Opens nothing: that member records its own. */
  | (At & LeaderChange & { readonly kind: 'leader-changed-elsewhere' })
  /** Who leads and how, whenever that is first known or changes without a change of leader. Opens nothing. */
  | (At & {
      readonly kind: 'leader-seen';
      readonly leader: Place;
      readonly term: Revision;
      readonly timeline: Timeline | null;
      readonly mode: SyncMode | null;
    })
  | (At & { readonly kind: 'old-primary-fenced'; readonly how: string })
  | (At & { readonly kind: 'promotion-requested' })
  /** Something that whoever reads the incident should know, and that is no instant of it. Opens nothing. */
  | (At & { readonly kind: 'noted'; readonly says: string })
  /** The leader is out of recovery (or restarted) and admits clients. `forkLsn` is null without a promotion. */
  | (At & { readonly kind: 'accepting-writes'; readonly timeline: Timeline; readonly forkLsn: Lsn | null })
  /** `sync` names a standby again; in mode `off`: one streams. */
  | (At & { readonly kind: 'redundant' })
  | (At & { readonly kind: 'redundancy-lost' })
  /** Narrows t0: the newest commit that was replayed (the old primary's wall clock), when its postmaster was gone. */
  | (At & {
      readonly kind: 'last-write-bounds';
      readonly replayedCommitWall: WallMs | null;
      readonly guardianExitMono: MonoMs | null;
    })
  /** Replaces what the recorder assumes of the loss from kind and mode. */
  | (At & { readonly kind: 'loss-known'; readonly loss: Loss });

export interface LeaderChange {
  readonly leader: Place;
  readonly term: Revision;
  readonly previousLeader: Place | null;
  readonly previousTerm: Revision | null;
}

/** Probe writes failed, nothing else spoke against the leader, and they went through again. No incident. */
export interface NearMiss {
  readonly sinceMono: MonoMs;
  readonly lastedMs: Ms;
  /** What was left before it would have become an incident; at least 0. */
  readonly headroomMs: Ms;
}

export type RecorderOutput =
  /** Persist it, open or closed: the newest version of an id replaces the one before. */
  | { readonly kind: 'changed'; readonly incident: Incident }
  | { readonly kind: 'near-miss'; readonly nearMiss: NearMiss };

/** A change of the recorder; `superseded` is an incident that ended because the next one began. */
export interface Applied {
  readonly state: RecorderState;
  readonly superseded?: Recording;
  readonly nearMiss?: NearMiss;
}
