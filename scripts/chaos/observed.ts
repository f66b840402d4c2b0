import type { Fault } from './fault.ts';
import type { SyncMode } from '../../src/core/cluster.ts';
import type { Rule } from '../../src/core/rules.ts';
import type { Anomalies } from './workload/verdict.ts';

/** What came of a round, as numbers and names: this is what is judged, kept as JSON, and put into the tables. */
export interface Observed {
  readonly fault: Fault['name'];
  readonly mode: SyncMode;
  readonly members: number;
  readonly seed: number;
  /** Who led before and afterwards. */
  readonly oldLeader: string;
  readonly newLeader: string;
  /** Who said of himself that he leads, just before the healing; null: nobody, or it was not asked. */
  readonly meanwhile: string | null;
  /** Timelines that began. */
  readonly promotions: number;
  readonly lastedMs: number;
  /** Longest time without an acknowledgement that overlaps the round. */
  readonly outageMs: number;
  /** After the healing. */
  readonly redundantMs: number;
  /** In the order in which they first fired, on any member. */
  readonly rules: readonly Rule[];
  readonly acknowledged: number;
  /** What the checker of the workload found. */
  readonly anomalies: Anomalies;
  /** Reads on a server that did not know yet that it no longer leads. */
  readonly staleReads: number;
  /** More than one batond or guardian of a member, or none; sentences. */
  readonly strays: readonly string[];
  /** The first few anomalies, as sentences. */
  readonly examples: readonly string[];
}
