/**
 * The cluster's prefix as of one revision, kept current from three sources: linearizable reads, what transactions
 * answer, and watch events. All carry etcd's revisions, so each change is applied once, whatever comes first.
 */
import type { Revision } from '../../core/units.ts';
import type { Entry, Snapshot } from '../../ports/coordinator.ts';
import type { Change, Reading } from './endpoint.ts';

export type Absorbed =
  /** The snapshot is at least as new as the reading. */
  | 'current'
  /** The reading is of another etcd, or of one that was set back; the snapshot now is what it showed. */
  | 'replaced'
  /** Something was deleted that the reading cannot name, or it is of another past: read everything. */
  | 'incomplete';

export class Mirror {
  /** Never changed in place: whoever holds one may keep it. A reading without news leaves it, or its entries, as they are. */
  #snapshot: Snapshot | null = null;

  get snapshot(): Snapshot | null {
    return this.#snapshot;
  }

  /**
   * `atLeast` is the mirror's revision when the reading was asked for: a linearizable reading below it shows that etcd
   * lost its past (invariant I11), while one below the revision now is merely late.
   */
  absorb(reading: Reading, atLeast: Revision | null): Absorbed {
    const known = this.#snapshot;
    const foreign =
      known !== null &&
      (reading.etcdClusterId !== known.etcdClusterId || (atLeast !== null && reading.revision < atLeast));
    if (known === null || foreign) {
      if (reading.since !== null) return 'incomplete';
      this.#set(reading, reading.entries);
      return foreign ? 'replaced' : 'current';
    }
    if (reading.revision < known.revision) return 'current';
    if (reading.since === null) {
      this.#set(reading, reading.entries);
      return 'current';
    }
    if (reading.since > known.revision) return 'incomplete';
    // Every key that exists was either known or changed since, so when the numbers agree nothing else was deleted.
    if (reading.entries.size === 0 && reading.deleted.length === 0 && known.entries.size === reading.count) {
      if (reading.revision !== known.revision) this.#set(reading, known.entries);
      return 'current';
    }
    const entries = new Map(known.entries);
    for (const key of reading.deleted) entries.delete(key);
    for (const [key, entry] of reading.entries) entries.set(key, entry);
    if (entries.size !== reading.count) return 'incomplete';
    this.#set(reading, entries);
    return 'current';
  }

  /**
   * Applies what the snapshot does not have yet; true when that was anything. The changes must come from a watch that
   * began no later than one past the snapshot's revision at that time, else something between them would be missed.
   */
  apply(changes: readonly Change[]): boolean {
    const known = this.#snapshot;
    if (known === null) return false;
    const fresh = changes.filter((change) => change.revision > known.revision);
    if (fresh.length === 0) return false;
    const entries = new Map(known.entries);
    let revision = known.revision;
    for (const change of fresh) {
      if (change.entry === null) entries.delete(change.key);
      else entries.set(change.key, change.entry);
      if (change.revision > revision) revision = change.revision;
    }
    this.#snapshot = { revision, etcdClusterId: known.etcdClusterId, entries };
    return true;
  }

  #set(reading: Reading, entries: ReadonlyMap<string, Entry>): void {
    this.#snapshot = { revision: reading.revision, etcdClusterId: reading.etcdClusterId, entries };
  }
}
