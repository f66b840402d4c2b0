/** What a decision may say: the name of the rule that fired, why, and what to do about it. */
import type { FenceTarget } from './fence-target.ts';
import type { CopyName } from './postgres-view.ts';
import type { Txn } from './transaction.ts';
import type { CopyId, MemberName, MonoMs, Ms, Revision, Timeline } from './units.ts';
import type { Rule } from './rules.ts';

export interface Decision {
  readonly rule: Rule;
  /** One sentence for the person who reads the journal or `baton explain`. */
  readonly because: string;
  readonly intents: readonly Intent[];
  /** Decide again then, also if nothing happens. */
  readonly wakeAtMono?: MonoMs;
}

export type Intent =
  /** Kill every process of the data directory, now. Pre-empts everything. */
  /** `blames`: what failed here. It counts against the crash budget like an end by itself; a disk is remembered too. */
  | { readonly kind: 'fence'; readonly reason: string; readonly blames?: 'postgres' | 'disk' }
  /** Tell the guardian whether it guards a leader, and of which term. */
  | { readonly kind: 'guard'; readonly term: Revision | null }
  /** Commit a transaction; its outcome is whatever etcd says next. */
  | { readonly kind: 'commit'; readonly purpose: CommitPurpose; readonly txn: Txn }
  /** Begin an operation; ignored while one is under way. */
  | { readonly kind: 'operate'; readonly operation: OperationSpec }
  | { readonly kind: 'abort-operation'; readonly reason: string }
  /** Fence a former primary through its own PostgreSQL, beside whatever else is done; `drain`: fetch its last commits first. */
  | { readonly kind: 'fence-remote'; readonly target: FenceTarget; readonly term: Revision; readonly drain: boolean };

export type CommitPurpose =
  | 'win-bootstrap'
  | 'publish-cluster'
  | 'campaign'
  | 'take-over'
  | 'claim'
  | 'hand-over'
  | 'release'
  | 'sync-remove'
  | 'sync-add'
  | 'sync-confirm'
  | 'sync-mode'
  | 'write-history'
  | 'clear-request'
  | 'write-config';

/** Long work. One at a time, each with its own abort signal; the loop goes on deciding meanwhile. */
export type OperationSpec =
  | { readonly kind: 'initialize'; readonly copyId: CopyId }
  | { readonly kind: 'clone'; readonly leader: MemberName; readonly term: Revision; readonly copyId: CopyId }
  /** Inspect, then rewind, clone or nothing, so that the directory can follow this leader. */
  | { readonly kind: 'rejoin'; readonly leader: MemberName; readonly term: Revision; readonly copyId: CopyId }
  | { readonly kind: 'start'; readonly as: 'standby'; readonly follow: MemberName | null }
  /** `waitFor`: names it must wait for from its first commit; `admits`: who may connect until that is proved (I8). */
  | {
      readonly kind: 'start';
      readonly as: 'primary';
      readonly term: Revision;
      readonly waitFor: readonly CopyName[];
      readonly waitForNobody: boolean;
      readonly admits: 'everybody' | 'baton-only';
    }
  | { readonly kind: 'stop'; readonly mode: 'fast' | 'immediate'; readonly limitMs: Ms; readonly reason: string }
  | { readonly kind: 'promote'; readonly term: Revision; readonly timeline: Timeline; readonly waitForNobody: boolean }
  /** Point a running standby at another upstream. */
  | { readonly kind: 'follow'; readonly leader: MemberName }
  | { readonly kind: 'wait-for'; readonly names: readonly CopyName[]; readonly nobody: boolean }
  /** The proof of I3, for one standby. */
  | {
      readonly kind: 'prove-wait';
      readonly standby: MemberName;
      readonly copyName: CopyName;
      readonly term: Revision;
      readonly names: readonly CopyName[];
    }
  | { readonly kind: 'admit'; readonly whom: 'everybody' | 'baton-only' }
  | { readonly kind: 'checkpoint'; readonly request: string | null }
  /** Create roles and the members' slots; drop slots that nobody will use. */
  | { readonly kind: 'furnish'; readonly slotsFor: readonly MemberName[] }
  /** A standby that was made ready for a promotion which was given up becomes an ordinary one again. */
  | { readonly kind: 'stand-down' }
  | { readonly kind: 'resume-replay' };
