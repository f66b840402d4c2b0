/**
 * Everything a decision may look at, as one value. Instants are this host's monotonic clock, so that every fact has an
 * age; not knowing is a variant of its own. The view is journalled with the decision it led to and can be replayed.
 */
import type { ClusterState, HistoryRow, MemberAddress, MemberState, SharedConfig } from './cluster.ts';
import type { OperationSpec } from './decision.ts';
import type { FailedStarts } from './failed-starts.ts';
import type { CopyName, PostgresView } from './postgres-view.ts';
import type { RemoteFenceView } from './remote-fence.ts';
import type { Room } from './room.ts';
import type { WalEnd } from './successor.ts';
import type { CopyId, LeaseId, Lsn, MemberName, MonoMs, Ms, Revision, Timeline, WallMs } from './units.ts';

export interface View {
  readonly nowMono: MonoMs;
  /** The wall clock at that moment: for what is written down, never for a deadline. */
  readonly nowWall: WallMs;
  readonly self: SelfView;
  /** The shared configuration in force; the local file's until etcd has one. */
  readonly policy: SharedConfig;
  readonly coordinator: CoordinatorView;
  readonly guardian: GuardianView;
  readonly postgres: PostgresView;
  /** Null while it was not measured, or the file system does not answer. */
  readonly room: Room | null;
  readonly peers: ReadonlyMap<MemberName, PeerView>;
  /** The furthest position that each member's key told of its present copy: known also when the key has gone with its lease. */
  readonly toldLsn: ReadonlyMap<MemberName, Lsn>;
  /** Where each member was last known to be. */
  readonly addresses: ReadonlyMap<MemberName, MemberAddress>;
  readonly operation: OperationView;
  readonly memory: MemoryView;
}

export interface SelfView {
  readonly name: MemberName;
  readonly location: string;
  readonly priority: number;
  readonly nofailover: boolean;
  readonly nosync: boolean;
  /** Left out: a member with PostgreSQL. An observer looks at views of this shape too, and decides nothing. */
  readonly role?: 'observer';
  /** The shared configuration as it goes to etcd, if this member creates the cluster. */
  readonly configText: string;
  /** When this daemon began, for rules that wait for others after a cold start. */
  readonly startedMono: MonoMs;
}

export type CoordinatorView =
  /** Nothing was read since this daemon began, or nothing that is believed (I11). */
  | { readonly kind: 'never-read'; readonly sinceMono: MonoMs }
  | {
      readonly kind: 'read';
      /** What etcd said last, before it lost its past if it did. */
      readonly state: ClusterState;
      /** When the newest read that confirmed the state was sent. */
      readonly confirmedMono: MonoMs;
      /** When the newest answer of etcd's arrived here: later than `confirmedMono` by what it took. */
      readonly answeredMono: MonoMs;
      /** A linearizable read failed and none succeeded since. */
      readonly unreachableSinceMono: MonoMs | null;
      /**
       * When each of a majority of etcd's members was last reached; null before that. One that is reached and does not
       * answer is slow, or has no leader: nobody is cut off from it.
       */
      readonly reachedMono: MonoMs | null;
      /** When the leader key was first seen absent, by this daemon; null while it is there. */
      readonly leaderAbsentSinceMono: MonoMs | null;
    };

export interface GuardianView {
  readonly connected: boolean;
  /** Since when `connected` is what it is. */
  readonly sinceMono: MonoMs;
  readonly lease: LeaseView;
  readonly child: ChildView;
  /** The newest command that it did not obey, and why. */
  readonly refused: GuardianRefusal | null;
  /** The guardian was told to terminate: hand the leadership over now if somebody can take it. */
  readonly terminating?: boolean;
}

export interface GuardianRefusal {
  readonly atMono: MonoMs;
  readonly command: string;
  readonly problem: string;
}

export type LeaseView =
  | { readonly kind: 'none' }
  /** `confirmedSentMono`: when the newest renewal that etcd confirmed was sent. The deadline counts from there (I5). */
  | { readonly kind: 'held'; readonly leaseId: LeaseId; readonly ttlMs: Ms; readonly confirmedSentMono: MonoMs }
  /** etcd answered that the lease does not exist. */
  | { readonly kind: 'gone'; readonly leaseId: LeaseId };

/** What the guardian says of the processes it owns. */
export type ChildView =
  | { readonly kind: 'unknown' }
  /** No process of the data directory is running; two scans found none. */
  | { readonly kind: 'none'; readonly lastExit: ChildExit | null }
  | {
      readonly kind: 'running';
      readonly pid: number;
      readonly startedMono: MonoMs;
      readonly startedAs: 'primary' | 'standby';
    }
  | { readonly kind: 'stopping'; readonly pid: number; readonly sinceMono: MonoMs }
  /** The postmaster is gone, other processes of the data directory may not be yet. */
  | { readonly kind: 'exited'; readonly exit: ChildExit }
  /** `why`: what made the guardian end a leader by itself; null when it was told to, or when nobody led. */
  | { readonly kind: 'fencing'; readonly sinceMono: MonoMs; readonly why: string | null };

export interface ChildExit {
  readonly atMono: MonoMs;
  readonly code: number | null;
  readonly signal: string | null;
  /** Whether somebody asked for it (a stop or a fence). */
  readonly requested: boolean;
}

export type ProbeOutcome = 'ok' | 'refused' | 'timed-out' | 'unreachable';

/** The newest answer of one probe and how long the answers have been of that kind. */
export interface ProbeView {
  readonly outcome: ProbeOutcome;
  readonly atMono: MonoMs;
  /** When the run of equal outcomes began, and how many there are in it. */
  readonly sinceMono: MonoMs;
  readonly count: number;
}

export interface PeerView {
  /** E5; null before the first answer. */
  readonly postgres: ProbeView | null;
  /** E6 */
  readonly daemon: ProbeView | null;
  /** What its daemon said of itself, with the age of that answer. */
  readonly report: PeerReport | null;
  /** E3: remaining whole seconds of its lease. */
  readonly lease: { readonly remainingS: number; readonly grantedS: number; readonly atMono: MonoMs } | null;
}

export interface PeerReport {
  readonly atMono: MonoMs;
  readonly role: 'primary' | 'standby' | 'none';
  readonly state: MemberState;
  readonly timeline: Timeline | null;
  readonly lsn: Lsn | null;
  readonly copyId: CopyId | null;
  /** Which run of its server it speaks of; null when none runs, or an older daemon does not say. */
  readonly runId: string | null;
  readonly planned: boolean;
  /** Whether it reads etcd; left out by a daemon that does not say. */
  readonly etcd?: 'never-read' | 'reachable' | 'unreachable' | undefined;
}

export type OperationView =
  | { readonly kind: 'idle'; readonly last: OperationResult | null }
  | {
      readonly kind: 'busy';
      readonly spec: OperationSpec;
      readonly sinceMono: MonoMs;
      readonly progress: string | null;
    };

export interface OperationResult {
  readonly spec: OperationSpec;
  readonly atMono: MonoMs;
  readonly outcome:
    | { readonly ok: true; readonly value: OperationValue }
    /** `timelineBegun`: of a promotion whose number PostgreSQL has taken here before, without having ended it. */
    | { readonly ok: false; readonly problem: string; readonly timelineBegun?: true };
}

/** What an operation found out, for the rules that follow it. */
export type OperationValue =
  | { readonly kind: 'done' }
  /** `kept`: what was diverged here and where it is now; null when nothing was. */
  | { readonly kind: 'rejoined'; readonly kept: string | null }
  /** The history row of a promotion: what `history` must be told. */
  | { readonly kind: 'promoted'; readonly row: HistoryRow | null; readonly outOfRecoveryMono: MonoMs | null }
  /** Commits were seen to wait for `standby` (I3); void for another term, run or copy. */
  | { readonly kind: 'proved'; readonly proof: WaitProof };

export interface WaitProof {
  readonly standby: MemberName;
  readonly copyName: CopyName;
  readonly term: Revision;
  readonly runId: string;
  /** All names that PostgreSQL waited for when it was proved. */
  readonly waitedFor: readonly CopyName[];
}

/** What this daemon remembers between decisions. A restart forgets all of it but what is said to be kept on disk. */
export interface MemoryView {
  /**
   * The sync revision that this daemon's own last confirmed write made; null when a write of `sync` may still be under
   * way, or since a restart. PostgreSQL may stop waiting for somebody, or start as a primary, only while the key is
   * at this revision (I3, I8).
   */
  readonly confirmedSyncRevision: Revision | null;
  /** An etcd transaction is under way: its purpose. */
  readonly committing: string | null;
  /** Since when the leader key is ours without a break; null while it is not. */
  readonly leadingSinceMono: MonoMs | null;
  /** The newest term in which this member led and had claimed. Kept on disk. */
  readonly lastLedTerm: Revision | null;
  readonly proof: WaitProof | null;
  /** Unrequested ends of postgres within the crash budget's window. Kept on disk. */
  readonly crashes: readonly MonoMs[];
  /** Where the WAL of the primary here ended when it was last looked at; null when none ran since, or another member leads. */
  readonly walEnd: WalEnd | null;
  /** It was fenced because its disk hung, and no postgres has run here since. */
  readonly diskHung: boolean;
  /** Null while no start of a standby came to nothing since one stayed up. */
  readonly failedStarts: FailedStarts | null;
  /** Why automation is held; empty when it is not. */
  readonly held: readonly Hold[];
  /** Who has become leader of this very cluster in an etcd that lost its past, after that was noticed (I11). */
  readonly overtakenBy: MemberName | null;
  /** A random id for the next copy of the data, if one is made. */
  readonly nextCopyId: CopyId;
  /** The copy that initdb made here and that the cluster does not know yet. Kept on disk. */
  readonly initializedCopyId: CopyId | null;
  /** When this daemon last took a standby out of sync. */
  readonly syncRemovedMono: MonoMs | null;
  /** The pending operator request, and when this daemon first saw it. */
  readonly requestSeen: { readonly id: string; readonly atMono: MonoMs } | null;
  /** The last transaction that was refused or failed: the same is not sent again at once. */
  readonly commitFailed: { readonly purpose: string; readonly atMono: MonoMs } | null;
  /** The leader that the data directory was made ready to follow; null again once postgres was stopped to look at it anew. */
  readonly preparedFor: { readonly leader: MemberName; readonly term: Revision } | null;
  /** The request whose first step, the checkpoint, is done. */
  readonly checkpointedRequest: string | null;
  /** The history row of the promotion that this daemon performed. */
  readonly promotion: HistoryRow | null;
  /** When that promotion was seen to have left recovery; null when this daemon did not see it. */
  readonly promotedMono: MonoMs | null;
  /**
   * When the wall clock was last seen to leave the monotonic one behind, or to fall behind it: an NTP step, or a machine
   * that was stopped in a way that neither monotonic clock counts. Null when it never did.
   */
  readonly wallJumpedMono: MonoMs | null;
  /** What was diverged here when it last rejoined, and where it is kept; null when nothing was, or since it leads. */
  readonly divergedKept: string | null;
  /** Members for whom this primary has a slot, since it started. */
  readonly furnishedFor: readonly MemberName[];
  readonly remoteFence: RemoteFenceView;
}

export interface Hold {
  readonly code:
    | 'etcd-went-back'
    | 'etcd-replaced'
    | 'malformed-key'
    | 'foreign-data'
    | 'cooldown'
    | 'cold-start'
    | 'paused'
    | 'other-manager';
  readonly reason: string;
}
