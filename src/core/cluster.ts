/** What etcd holds about one cluster, parsed: the key names and meanings of docs/architecture.md. */
import type { CopyId, LeaseId, Lsn, MemberName, Revision, Timeline, WallMs } from './units.ts';

/**
 * `available`: no acknowledged commit is lost in any single failure. `strict`: none ever, writes block instead.
 * `off`: asynchronous, bounded loss.
 */
export type SyncMode = 'available' | 'strict' | 'off';

/** A key that is absent, present, or present with content that nobody may act on. */
export type Key<T> =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present'; readonly value: T; readonly modRevision: Revision }
  | { readonly kind: 'malformed'; readonly modRevision: Revision; readonly problem: string };

export interface LeaderKey {
  readonly member: MemberName;
  /** The lease the key is attached to; '0' when somebody put it without one. */
  readonly leaseId: LeaseId;
}

/** Who may take leadership without losing a commit. `leader` is the last member that claimed. */
export interface SyncKey {
  readonly leader: MemberName;
  readonly standbys: readonly MemberName[];
  /** The mode in force. `config` only asks for one. */
  readonly mode: SyncMode;
  readonly copies: Readonly<Record<string, CopyId>>;
}

export type MemberState =
  | 'starting'
  | 'initdb'
  | 'cloning'
  | 'rewinding'
  | 'running'
  | 'streaming'
  | 'stopping'
  | 'stopped'
  | 'crashed'
  | 'unfit';

export interface MemberRecord {
  readonly name: MemberName;
  /** Host and port that other members and clients dial. */
  readonly host: string;
  readonly port: number;
  readonly apiUrl: string;
  readonly role: 'primary' | 'replica' | 'observer' | 'uninitialized';
  readonly state: MemberState;
  readonly version: string;
  /** Version of the shapes in etcd and between daemons that this daemon speaks. */
  readonly protocol: number;
  readonly serverVersion: number | null;
  readonly location: string;
  readonly priority: number;
  readonly tags: Readonly<Record<string, boolean>>;
  readonly leaseId: LeaseId;
  readonly copyId: CopyId | null;
  readonly timeline: Timeline | null;
  /** End of what this member has: written, received or, when stopped, on disk as far as known. */
  readonly lsn: Lsn | null;
  readonly replayLsn: Lsn | null;
  /** What was diverged there when it last rejoined, and where it is kept; for the record of the incident. */
  readonly divergedKept: string | null;
  /** Free bytes where its postgres writes; null when it does not say. */
  readonly freeBytes: number | null;
  /** Set while a planned restart of postgres is under way; by this member's wall clock. */
  readonly restartingUntil: WallMs | null;
  /** Set by a stopped member whose fence is complete and which last led in this term. */
  readonly fencedTerm: Revision | null;
}

/** One promotion. The first five columns are Patroni's. */
export interface HistoryRow {
  readonly timeline: Timeline;
  /** Where the timeline ended: the fork. */
  readonly lsn: Lsn;
  readonly reason: string;
  /** RFC 3339, UTC. */
  readonly timestamp: string;
  readonly newLeader: MemberName;
  readonly promotionId: string;
  /** The timeline that the promotion made. */
  readonly newTimeline: Timeline;
  /** The content of the new timeline's .history file. */
  readonly historyFile: string;
}

/** What an operator asked for. Kept in the `failover` key until it is done, refused or rolled back. */
export interface OperatorRequest {
  readonly id: string;
  readonly kind: 'switchover' | 'failover';
  /** The leader and term that the operator saw; another one in force refuses the request. */
  readonly leader: MemberName | null;
  readonly term: Revision | null;
  readonly candidate: MemberName;
  readonly by: string;
  readonly reason: string;
  readonly requestedAt: string;
  readonly allowDataLoss: boolean;
  readonly oldPrimaryIsFenced: boolean;
  /** It was asked for to prove that it works: what it costs is recorded as a drill. Decided like any other. */
  readonly drill: boolean;
  /** Set with the hand-over: the old primary's latest checkpoint location, which the candidate must replay past. */
  readonly shutdownLsn: Lsn | null;
}

/** An operator has looked at the failovers up to this timeline: the cool-down counts from there. */
export interface Acknowledgement {
  readonly timeline: number;
  readonly by: string;
  readonly reason: string;
  /** RFC 3339, UTC. */
  readonly at: string;
}

export interface ClusterState {
  /** Header revision of the read or event that this state is of. */
  readonly revision: Revision;
  readonly etcdClusterId: string;
  readonly leader: Key<LeaderKey>;
  readonly sync: Key<SyncKey>;
  /** PostgreSQL's system identifier. */
  readonly initialize: Key<string>;
  readonly config: Key<SharedConfig>;
  readonly history: Key<readonly HistoryRow[]>;
  readonly request: Key<OperatorRequest>;
  readonly cooldown: Key<Acknowledgement>;
  readonly predecessor: Key<Predecessor>;
  readonly timeline: Key<ReservedTimeline>;
  readonly members: ReadonlyMap<MemberName, Key<MemberRecord>>;
}

export type MemberAddress = Pick<MemberRecord, 'host' | 'port' | 'apiUrl'>;

/**
 * The member that claimed last before somebody took the leadership without being handed it. Written with the leader key, and
 * true only for as long as that is of the same revision.
 */
export interface Predecessor {
  readonly member: MemberName;
  /** The copy with which it claimed. */
  readonly copyId: CopyId;
  /** Which run of its server led, as its daemon told it; null when nobody told. */
  readonly runId: string | null;
  /** It may have acknowledged commits that its successor lacks: mode `off`, or an operator who accepted loss. */
  readonly mayHaveMore: boolean;
  /** Its own key may be gone with its lease. Null when its successor did not know. */
  readonly address: MemberAddress | null;
}

/** The highest timeline number that any member was ever told to make, and by whom it was to be made (I9). */
export interface ReservedTimeline {
  readonly number: Timeline;
  readonly member: MemberName;
  /** The copy of the data that was to be promoted: it may try again. */
  readonly copyId: CopyId | null;
}

/** The part of the shared configuration that decisions need. Durations in ms, sizes in bytes. */
export interface SharedConfig {
  readonly lease: { readonly ttlMs: number; readonly heartbeatMs: number; readonly marginMs: number };
  readonly guardian: { readonly orphanMs: number; readonly silentMs: number };
  readonly probe: {
    readonly intervalMs: number;
    readonly deadlineMs: number;
    readonly doubtIntervalMs: number;
    readonly doubtDeadlineMs: number;
    readonly writeIntervalMs: number;
  };
  readonly failover: {
    readonly hangMs: number;
    readonly streamSilenceMs: number;
    readonly refusedConfirmMs: number;
    readonly failsafeWindowMs: number;
    readonly coldStartWaitMs: number;
    readonly crashBudget: { readonly count: number; readonly windowMs: number };
    readonly cooldown: { readonly count: number; readonly windowMs: number };
    readonly maxLagBytes: number;
  };
  readonly synchronous: { readonly mode: SyncMode };
  /** `remote`: a new leader may fence a former primary through that one's own PostgreSQL. */
  readonly fence: { readonly remote: boolean };
}
