/** Why the cluster is as it is, as one member's daemon sees it: what `GET /v1/explain` serves and `baton explain` prints. */
import type { SyncMode } from './cluster.ts';

export interface Explanation {
  readonly cluster: string;
  /** When the view was taken: RFC 3339, UTC. */
  readonly at: string;
  /** The member that holds the leader key; null when nobody does or when it cannot be read. */
  readonly leader: string | null;
  /** The mode in force: says what a takeover could lose. Null when `sync` cannot be read. */
  readonly mode: SyncMode | null;
  readonly members: readonly MemberExplanation[];
  /** One sentence: what to do next, or that there is nothing to do. */
  readonly next: string;
}

export interface MemberExplanation {
  readonly name: string;
  /** What its daemon sees, a short phrase each. */
  readonly sees: readonly string[];
  /** The rule that holds there; null for another member, whose daemon decides for itself. */
  readonly rule: string | null;
  readonly because: string | null;
  /** Whether it could take leadership now without losing an acknowledged commit. True of a leader that may go on. */
  readonly mayLead: boolean;
  /** All that must hold for that. */
  readonly conditions: readonly LeadCondition[];
}

export interface LeadCondition {
  /** Short, as a fact: `named in sync`. */
  readonly condition: string;
  readonly holds: boolean;
  /** What was found; when it does not hold, also what would mend it. */
  readonly detail: string;
}
