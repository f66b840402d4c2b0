import type { Decision } from '../core/decision.ts';
import type { View } from '../core/view.ts';

/** What was decided and what came of it. Append-only; bounded by the adapter; never fails its caller. */
export interface Journal {
  /** `why`: `doubt` when the same was decided as before, on a view that shows a doubt begin, last or heal. */
  decided(view: View, decision: Decision, why?: 'doubt'): void;
  happened(event: string, details: Readonly<Record<string, unknown>>): void;
}

/** Small facts that must survive a restart (highest term, lease id, copy ids). Written atomically and fsynced. */
export interface KeptState {
  read(): KeptFacts;
  /** Merges and makes durable before it resolves. */
  write(facts: Partial<KeptFacts>): Promise<void>;
}

export interface KeptFacts {
  readonly etcdClusterId: string | null;
  readonly highestRevision: number;
  readonly highestTerm: number;
  readonly lastLedTerm: number | null;
  readonly crashesWallMs: readonly number[];
  /** Why automation is held over restarts (I11); an operator takes it out. */
  readonly hold: { readonly code: 'etcd-went-back' | 'etcd-replaced'; readonly reason: string } | null;
  /** The copy that initdb made before the cluster became known; null otherwise. */
  readonly initializedCopyId: string | null;
}

/** Of a member that never ran. */
export const nothingKept: KeptFacts = {
  etcdClusterId: null,
  highestRevision: 0,
  highestTerm: 0,
  lastLedTerm: null,
  crashesWallMs: [],
  hold: null,
  initializedCopyId: null,
};
