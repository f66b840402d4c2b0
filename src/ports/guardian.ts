/** The guardian as its batond sees it: the process that holds the lease and is the parent of postgres. */
import type { Backing } from '../core/backing.ts';
import type { GuardianRules } from '../core/guardian-state.ts';
import type { GuardianView } from '../core/view.ts';
import type { Ms, Revision } from '../core/units.ts';
import type { StartCommand } from './postgres.ts';

export type { Backing, GuardianRules };

export type GuardianCommand =
  | { readonly type: 'rules'; readonly rules: GuardianRules }
  /** Sent every second: batond lives. */
  | { readonly type: 'alive' }
  | {
      readonly type: 'start';
      readonly as: 'primary' | 'standby';
      readonly term: Revision | null;
      readonly command: StartCommand;
    }
  | { readonly type: 'stop'; readonly mode: 'fast' | 'immediate'; readonly limitMs: Ms; readonly reason: string }
  | { readonly type: 'fence'; readonly reason: string }
  | { readonly type: 'lead'; readonly term: Revision; readonly backing: Backing }
  | { readonly type: 'follow' };

export interface GuardianPort {
  /**
   * Starts or adopts the guardian, keeps it alive, and calls `observe` with what it is whenever that changes. A
   * guardian that dies or falls silent is replaced; what it left running is reported as `exited` until it is fenced.
   */
  run(observe: (view: GuardianView) => void, signal: AbortSignal): void;
  /** Fire and forget: what became of it is seen through `observe`. Dropped when the guardian is not connected. */
  send(command: GuardianCommand): void;
  /** Kills every process of the data directory: by the guardian, or by this process when it does not answer. */
  fence(reason: string): void;
}
