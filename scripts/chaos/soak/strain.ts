/** Something hard that goes on while nothing is wrong. */
import type { ChaosCluster } from '../cluster.ts';

export interface Strain {
  readonly name: string;
  /** A sentence for people who were not there, without a full stop. */
  readonly says: string;
  /** Why it cannot be made here; null when it can. */
  impossible?(cluster: ChaosCluster): string | null;
  /** Done while all is quiet, before anything is measured: it may disturb the cluster for a moment. */
  prepare?(stage: SoakStage): Promise<void>;
  /** Goes on until the signal aborts. How much it did, in words. Rejects when it could not go on. */
  run(stage: SoakStage): Promise<string>;
}

export interface SoakStage {
  readonly cluster: ChaosCluster;
  /** Stays the leader: that is what is tested. */
  readonly leader: string;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
  /** Done when everything has been measured, the last first. */
  undo(work: () => unknown): void;
}
