/** The record that must not be doubted: append-only, each entry carries the hash of the one before. */
import type { Result } from '../core/result.ts';
import type { Incident } from '../core/sla/incident.ts';

export interface LedgerEntry {
  /** From 0, without gaps. */
  readonly seq: number;
  /** RFC 3339 UTC, when it was appended. */
  readonly wall: string;
  /** `incident` for a version of an incident, `service` for rows of the service, `record` for what people did, `report` for reports and scheduled runs, `evidence`, `near-miss`, `contract` for terms, `notice` for what was told without etcd, `segment-dropped` for what is kept no longer. */
  readonly kind: string;
  /** Plain JSON. */
  readonly body: unknown;
  /** Hash of the entry before, 64 zeros for the first. */
  readonly prev: string;
  /** SHA-256, hexadecimal, over the canonical JSON of all the above. */
  readonly hash: string;
}

/** `entries` counts those that were dropped, too. `problem` names the file, the line and what is wrong with it. */
export type LedgerCheck =
  | { readonly kind: 'intact'; readonly entries: number; readonly lastHash: string }
  | { readonly kind: 'broken'; readonly seq: number; readonly problem: string };

/** Some entries of a ledger, and where its chain ends. */
export interface LedgerExtract {
  readonly entries: readonly LedgerEntry[];
  /** The end of the chain when it was read: how many entries there are, and the hash of the last. */
  readonly head: { readonly entries: number; readonly lastHash: string };
  /** What of all that was read is damaged; null when nothing is. */
  readonly problem: string | null;
}

export interface Ledger {
  /**
   * Resolves when the entry is on disk. Appends happen one after the other. A failure (disk full) leaves the chain as
   * it was; the caller keeps the body and may append again.
   */
  append(kind: string, body: unknown): Promise<Result<LedgerEntry, string>>;
  /**
   * Reads all files again and recomputes every hash. The chain may begin later than with entry 0 only where an entry
   * that is in it says what was dropped before.
   */
  verify(): Promise<LedgerCheck>;
  /**
   * Searches the files for the entries whose text has `mention` in it and that are wanted, in order; damaged ones are not
   * among them. Entries may be appended meanwhile. Only what is found is looked at: verify() looks at all.
   */
  extract(mention: string, wanted: (entry: LedgerEntry) => boolean): Promise<LedgerExtract>;
  /** The newest version of each incident that is on disk, oldest incident first. From memory. */
  incidents(): readonly Incident[];
  /** Bodies of the other entries of one kind that were on disk when it was opened, in order; the newest where there are many. */
  bodies(kind: string): readonly unknown[];
  /** Waits for appends under way, then lets go of the files. */
  close(): Promise<void>;
}
