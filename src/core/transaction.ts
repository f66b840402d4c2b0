/** A transaction on the cluster's keys: every comparison must hold, or nothing is written. Keys are relative. */
import type { Key } from './cluster.ts';
import type { LeaseId, Revision } from './units.ts';

export type Compare =
  /** The key's mod revision is this one; absent is written `absent`. */
  { readonly key: string; readonly modRevision: Revision } | { readonly key: string; readonly absent: true };

export type Write =
  | { readonly op: 'put'; readonly key: string; readonly value: string; readonly leaseId?: LeaseId }
  | { readonly op: 'delete'; readonly key: string };

export interface Txn {
  readonly compares: readonly Compare[];
  readonly writes: readonly Write[];
}

/** The key is as it was when it was decided. */
export const unchanged = (key: string, value: Key<unknown>): Compare =>
  value.kind === 'absent' ? { key, absent: true } : { key, modRevision: value.modRevision };
