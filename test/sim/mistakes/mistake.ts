/** A known mistake, planted in a copy of the product, and where it must come to light. */
import type { SyncMode } from '../../../src/core/cluster.ts';
import type { Mistakes } from '../world.ts';

/** One change of a source file; `from` occurs there exactly once, so that a mistake cannot silently stop being one. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export type Planted =
  /** In the source, as the planted copy of it is loaded: the product has no switch for it. */
  | { readonly edits: readonly Edit[] }
  /** In what the daemons get from the simulator, where the rule is an adapter's that the simulator replaces. */
  | { readonly ports: Mistakes };

export interface Mistake {
  /** What the planted copy does, as a subject: "a takeover that leaves sync as it was". */
  readonly says: string;
  /** The rule that is dropped: R1 to R11 of the safety model, or an invariant of docs/safety.md. */
  readonly drops: string;
  readonly planted: Planted;
  /** The scenario that is aimed at it, or that many lives of this mode. */
  readonly caughtBy: string | { readonly seeds: number; readonly mode: SyncMode; readonly members?: 2 | 3 };
  /** What is violated, or what the scenario misses. */
  readonly shows: RegExp;
}
