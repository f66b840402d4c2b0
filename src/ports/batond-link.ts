/** What the guardian's loop needs besides time, etcd and processes: its batond, and a memory for its lease's id. */
import type { LeaseId, MonoMs, Ms } from '../core/units.ts';
import type { ChildView, LeaseView } from '../core/view.ts';
import type { GuardianCommand } from './guardian.ts';

/** All that a guardian says of itself; sent whole after every change, and to every batond that connects. */
export interface GuardianStatus {
  readonly lease: LeaseView;
  readonly child: ChildView;
  readonly terminating: boolean;
}

export type GuardianReport =
  | { readonly type: 'status'; readonly status: GuardianStatus }
  /** A renewal was confirmed; between two of them the status is not repeated. */
  | { readonly type: 'renewed'; readonly sentMono: MonoMs; readonly ttlMs: Ms }
  /** The answer to `alive`. */
  | { readonly type: 'alive' }
  /** A command was not obeyed, and why. */
  | { readonly type: 'refused'; readonly command: GuardianCommand['type']; readonly problem: string };

export interface BatondEvents {
  /** A batond has introduced itself; it replaces the one before. */
  connected(): void;
  command(command: GuardianCommand): void;
  /** The active batond's connection ended. */
  disconnected(): void;
}

export interface BatondLink {
  /** Begins to accept batonds; ends when the signal aborts. */
  listen(events: BatondEvents, signal: AbortSignal): void;
  /** Fire and forget; dropped while no batond is connected. */
  report(report: GuardianReport): void;
}

/** Keeps the id of this member's lease over a restart of the guardian. */
export interface KeptLease {
  /** Null when there is none, or when what is kept cannot be read. */
  read(): Promise<LeaseId | null>;
  /** Durable when it resolves. */
  write(leaseId: LeaseId): Promise<void>;
}
