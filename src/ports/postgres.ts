/**
 * The PostgreSQL of this host, in the core's words. Questions are one bounded attempt each (the sensors own the
 * cadence); operations take a signal, end in a known state when it aborts, and may be repeated.
 */
import type { HistoryRow } from '../core/cluster.ts';
import type { FenceTarget } from '../core/fence-target.ts';
import type { RemoteFenceOutcome } from '../core/remote-fence.ts';
import type { Result } from '../core/result.ts';
import type { CopyId, Lsn, MemberName, MonoMs, Ms, Timeline } from '../core/units.ts';
import type { CopyName, DataDirectory } from '../core/postgres-view.ts';
import type { Room } from '../core/room.ts';
import type { ProbeOutcome } from '../core/view.ts';

/** Where a PostgreSQL listens for others. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export type Inspection =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unusable'; readonly problem: string }
  | { readonly kind: 'present'; readonly data: DataDirectory };

/** One look at the running server through the held session. */
export type Look =
  /** Nobody answers; `refused` when the kernel said that nobody listens. */
  | { readonly kind: 'silent'; readonly problem: string; readonly refused: boolean }
  | (LookCommon & {
      readonly kind: 'standby';
      readonly receivedLsn: Lsn;
      readonly replayLsn: Lsn;
      readonly replayPaused: boolean;
      readonly streamingFrom: string | null;
      readonly follows: MemberName | null;
      /** Commit timestamp of the newest replayed transaction, ISO text; null when there is none. */
      readonly replayedCommitAt: string | null;
      /** Its files are ready for a promotion: not read-only, or for Baton alone. */
      readonly armed: boolean;
    })
  | (LookCommon & {
      readonly kind: 'primary';
      readonly currentLsn: Lsn;
      readonly waitsFor: readonly CopyName[];
      readonly waitsForNobody: boolean;
      /** The file or other source that overrides what Baton wrote; null while nothing does. */
      readonly waitsRuledBy: string | null;
      readonly walsenders: readonly LookWalsender[];
      readonly checkpointTimeline: Timeline;
      /** Whom pg_hba.conf, as Baton last wrote it, lets in. */
      readonly admits: 'everybody' | 'baton-only';
      /** The archiver's newest attempt failed. */
      readonly archiverFails: boolean;
      /** Base backups that are being taken from here: clones of members too. */
      readonly baseBackups: number;
      /** The write probe's session is waiting for synchronous replication right now (wait event SyncRep). */
      readonly probeWaits: boolean;
      /** Settings that PostgreSQL applies from elsewhere than Baton's file, and roles or databases that weaken commits. */
      readonly warnings: readonly string[];
    });

interface LookCommon {
  readonly systemIdentifier: string;
  readonly serverVersion: number;
  readonly runId: string;
  readonly timeline: Timeline;
  readonly copyId: CopyId | null;
}

export interface LookWalsender {
  readonly applicationName: CopyName;
  readonly state: string;
  readonly syncState: string;
  readonly syncPriority: number;
  readonly flushLsn: Lsn | null;
  readonly replayLsn: Lsn | null;
  readonly slotName: string | null;
}

export type ProbeAnswer = { readonly outcome: ProbeOutcome; readonly problem: string | null };

/** A commit of our own: `sentMono` is when COMMIT was sent. `lsn` is the position it is durable at. */
export type WriteAnswer =
  | {
      readonly ok: true;
      readonly sentMono: MonoMs;
      readonly ackedMono: MonoMs;
      readonly lsn: Lsn;
      /** The standbys that have flushed what the probe wrote, seen as it was acknowledged: they followed after it was sent. */
      readonly flushedBy: readonly CopyName[];
    }
  | {
      readonly ok: false;
      readonly sentMono: MonoMs;
      readonly problem: string;
      readonly outcome: Exclude<ProbeOutcome, 'ok'> | 'read-only';
    };

/** How to start the server; the guardian executes it. Holds no secret. */
export interface StartCommand {
  readonly binary: string;
  readonly args: readonly string[];
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Upstream extends Endpoint {
  readonly member: MemberName;
}

/** What a promotion is to make, and what the cluster knows of the timelines that it has used. */
export interface NextTimeline {
  readonly timeline: Timeline;
  readonly rows: readonly HistoryRow[];
}

/** Primary settings that change while it runs. */
export interface CommitWaits {
  readonly names: readonly CopyName[];
  /** `strict` without a standby: wait for a name that nobody has. */
  readonly nobody: boolean;
}

export type OperationError = {
  readonly problem: string;
  readonly retryable: boolean;
  /** Of a promotion: PostgreSQL has taken its number here before, without having ended it. */
  readonly timelineBegun?: true;
};
export type Outcome<T = void> = Promise<Result<T, OperationError>>;

export interface Rejoined {
  readonly how: 'followed' | 'rewound' | 'cloned';
  /** What was diverged and where it is kept, in words; null when nothing had to be saved. */
  readonly kept: string | null;
}

export interface Postgres {
  // --- questions -----------------------------------------------------------------------------------------------
  /** Reads the data directory; the server must not be running. */
  inspect(limitMs: Ms): Promise<Inspection>;
  /** Free bytes where the server writes; null when the file system says nothing within the limit (a hung disk). */
  room(limitMs: Ms): Promise<Room | null>;
  look(limitMs: Ms): Promise<Look>;
  /** SELECT 1 on a fresh local connection: whether anybody new is served. */
  probeLocal(limitMs: Ms): Promise<ProbeAnswer>;
  /**
   * A transactional message committed with synchronous_commit=on on a session kept for it. Resolves when it is
   * acknowledged or the session fails, or with `timed-out` after `limitMs` with the session closed.
   */
  writeProbe(limitMs: Ms): Promise<WriteAnswer>;

  // --- the data directory --------------------------------------------------------------------------------------
  /** initdb beside the data directory, then renamed into place. The system identifier of the new cluster. */
  initialize(copyId: CopyId, signal: AbortSignal): Outcome<string>;
  /** pg_basebackup beside the data directory, then swapped in. An old directory is kept until then. */
  clone(from: Upstream, copyId: CopyId, signal: AbortSignal, progress: (text: string) => void): Outcome;
  /**
   * Makes a stopped data directory ready to follow `leader`: nothing when it has not diverged, else saves the diverged
   * tail and rewinds under a new copy id, else clones. `rows` is the cluster's history.
   */
  rejoin(
    leader: Upstream,
    rows: readonly HistoryRow[],
    copyId: CopyId,
    signal: AbortSignal,
    progress: (text: string) => void,
  ): Outcome<Rejoined>;
  /** Writes configuration (and standby.signal) for a start as a standby and says how to start. */
  prepareStandby(follow: Upstream | null): Outcome<StartCommand>;
  /** Writes configuration for a start as a primary (no standby.signal) and says how to start. */
  preparePrimary(waits: CommitWaits, admits: 'everybody' | 'baton-only'): Outcome<StartCommand>;

  // --- the running server --------------------------------------------------------------------------------------
  follow(upstream: Upstream | null, signal: AbortSignal): Outcome;
  /** Ends when the server is out of recovery, on timeline `next.timeline`: every lower number counts as used (I9). */
  promote(next: NextTimeline, waits: CommitWaits, mayGoOn: () => boolean, signal: AbortSignal): Outcome;
  /** The history row of the newest promotion, read from this server; null on timeline 1. */
  ownHistory(): Outcome<{
    readonly timeline: Timeline;
    readonly parent: Timeline;
    readonly forkLsn: Lsn;
    readonly file: string;
  } | null>;
  /** Sets what commits wait for and ends when PostgreSQL says it applies. No proof (see proveWait). */
  waitFor(waits: CommitWaits, signal: AbortSignal): Outcome;
  /** I3: with the standby's replay paused, a remote_apply commit was seen waiting for it. */
  proveWait(standby: Endpoint, copyName: CopyName, names: readonly CopyName[], signal: AbortSignal): Outcome;
  admit(whom: 'everybody' | 'baton-only', signal: AbortSignal): Outcome;
  checkpoint(signal: AbortSignal): Outcome;
  furnish(slotsFor: readonly MemberName[], signal: AbortSignal): Outcome;
  resumeReplay(signal: AbortSignal): Outcome;
  /** A standby that is not promoted after all gets a standby's files back: read-only, and open to readers. */
  standDown(signal: AbortSignal): Outcome;
  /** Ends the consumers of logical replication, which would hold up a shutdown. */
  endLogicalStreams(signal: AbortSignal): Outcome;
  /** Drops the held sessions, before a stop. */
  letGo(): Promise<void>;
}

export interface Expected {
  readonly target: FenceTarget;
  /** Its `cluster_name`. */
  readonly serverName: string;
}

export interface FenceSteps {
  /** Asked after the proof and before anything is done: whether the order still stands. */
  mayGoOn(): Promise<boolean>;
  /** Asked once commits have stopped and before the end: whether all up to `upTo` is here. Null: no need to wait for it. */
  readonly received: ((upTo: Lsn) => Promise<boolean>) | null;
}

/** What a daemon asks of the other members, over the network. */
export interface Peers {
  /** E5: TCP and SELECT 1 on a fresh connection. An error that PostgreSQL itself sends counts as ok: it is alive. */
  probePostgres(target: Endpoint, limitMs: Ms): Promise<ProbeAnswer>;
  /** E6: its daemon's report of itself. */
  probeDaemon(apiUrl: string, limitMs: Ms): Promise<ProbeAnswer & { readonly report: unknown }>;
  /** One commit through the client's way on a session kept per target; reconnects by itself at the next call. */
  writeProbe(target: Endpoint, limitMs: Ms): Promise<WriteAnswer>;
  /**
   * Stops a former primary through its own PostgreSQL: in one session it is proved to be the target, then no commit is
   * made any more, and no process of its data directory is left. A server that is another is not touched.
   */
  fence(target: Endpoint, expected: Expected, steps: FenceSteps, signal: AbortSignal): Promise<RemoteFenceOutcome>;
  /** Calls `lost` as soon as the kept session to the target breaks (bad news travels faster than a probe). */
  onSessionLost(lost: (target: Endpoint) => void): void;
}
