/** What a decision may know of the PostgreSQL on this host. Instants are this host's monotonic clock. */
import type { CopyId, Lsn, MemberName, MonoMs, Timeline, WallMs } from './units.ts';

/** A data directory at rest. */
export interface DataDirectory {
  readonly systemIdentifier: string;
  readonly serverVersion: number;
  readonly timeline: Timeline;
  /** pg_controldata's "Latest checkpoint location". */
  readonly checkpointLsn: Lsn;
  /** The furthest position that the control file vouches for (checkpoint or minimum recovery end). */
  readonly lsn: Lsn;
  readonly clusterState:
    | 'shut down'
    | 'shut down in recovery'
    | 'in production'
    | 'in crash recovery'
    | 'in archive recovery'
    | 'starting up'
    | 'shutting down';
  /** standby.signal is there: it will start in recovery. */
  readonly standbySignal: boolean;
  readonly copyId: CopyId | null;
  /** An interrupted rewind or clone left its marker: must not be started before the operation is done over. */
  readonly unstartable: string | null;
}

export type PostgresView =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'absent' }
  /** There is something that Baton must not touch or cannot use; `problem` says what and where. */
  | { readonly kind: 'unusable'; readonly problem: string }
  | { readonly kind: 'stopped'; readonly data: DataDirectory }
  /** A process runs, no session answers yet (or no longer). */
  | { readonly kind: 'starting'; readonly sinceMono: MonoMs }
  | StandbyView
  | PrimaryView;

interface RunningView {
  readonly systemIdentifier: string;
  readonly serverVersion: number;
  /** pg_postmaster_start_time(), as text: names this run of the server. */
  readonly runId: string;
  readonly timeline: Timeline;
  readonly copyId: CopyId | null;
  /** When the newest look that was answered was asked: the server was so then or later. */
  readonly seenMono: MonoMs;
  /** Fresh connections have failed since then; null while they succeed. */
  readonly failingSinceMono: MonoMs | null;
  /** Each of those timed out: PostgreSQL hangs, or its host is busy. It has not said that it serves nobody. */
  readonly failingSilently: boolean;
}

export interface StandbyView extends RunningView {
  readonly kind: 'standby';
  readonly receivedLsn: Lsn;
  readonly replayLsn: Lsn;
  /** When receivedLsn was last seen to change. */
  readonly receivedChangedMono: MonoMs;
  readonly replayPausedSinceMono: MonoMs | null;
  /** Host:port it streams from; null when there is no walreceiver. */
  readonly streamingFrom: string | null;
  /** Since when there is no walreceiver; null while there is one. */
  readonly receiverGoneSinceMono: MonoMs | null;
  /** The member that primary_conninfo names; null when it is empty. */
  readonly follows: MemberName | null;
  /** When the newest replayed transaction was committed, by the primary's wall clock; for the record only. */
  readonly replayedCommitWall: WallMs | null;
  /** Its files are those of one that is about to be promoted (not read-only, or for Baton alone), and not a standby's. */
  readonly armed: boolean;
}

export interface PrimaryView extends RunningView {
  readonly kind: 'primary';
  readonly currentLsn: Lsn;
  /** What synchronous_standby_names waits for, as PostgreSQL applies it (read back, not what was written). */
  readonly waitsFor: readonly CopyName[];
  /** It waits for a name that nobody has: `strict` without a standby. */
  readonly waitsForNobody: boolean;
  /** Where what commits wait for comes from, when that is not the file that Baton writes; null when it is. */
  readonly waitsRuledBy: string | null;
  readonly walsenders: readonly Walsender[];
  /** `baton-only`: clients are kept out by pg_hba.conf (I8). */
  readonly admits: 'everybody' | 'baton-only';
  /** The archiver's newest attempt failed: a clean shutdown waits for it. */
  readonly archiverFails: boolean;
  /** Base backups that are being taken from here; a shutdown ends them. */
  readonly baseBackups: number;
  /** Roles and slots that the other members need exist. */
  readonly furnished: boolean;
  /** The timeline that the latest checkpoint was made on: a rewind against us works only once it is ours. */
  readonly checkpointTimeline: Timeline;
  readonly probe: WriteProbeView;
}

/** The leader's own probe commits (I6, and what keeps the stream from falling silent). */
export interface WriteProbeView {
  /** When the newest acknowledged probe was sent; null before the first. */
  readonly ackedSentMono: MonoMs | null;
  /** The same, of the newest whose commit every named standby has flushed. */
  readonly provedSentMono: MonoMs | null;
  /** Sent and not acknowledged yet. */
  readonly pendingSinceMono: MonoMs | null;
  /**
   * Since when every look has seen the pending probe, seen it wait for no standby, and seen nothing written by anybody: the
   * server answers, and cannot make its own WAL durable. A probe that fails at once is no such sign.
   */
  readonly stuckSinceMono: MonoMs | null;
  /** A probe of this run was seen waiting for synchronous replication (wait event SyncRep). */
  readonly seenWaiting: boolean;
}

/** application_name of one copy: `baton_<member>_<copy id>`. */
export type CopyName = string;

export interface Walsender {
  readonly applicationName: CopyName;
  readonly state: string;
  readonly syncState: string;
  readonly syncPriority: number;
  readonly flushLsn: Lsn | null;
  readonly replayLsn: Lsn | null;
  /** When flushLsn was last seen to change. */
  readonly flushChangedMono: MonoMs;
  /** Which member's slot it uses, as far as PostgreSQL says. */
  readonly slotName: string | null;
}
