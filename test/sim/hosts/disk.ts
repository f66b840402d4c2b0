/** What a host keeps when its power is cut: the data directory, and Baton's own small state. */
import type { OutageRow } from '../../../src/core/sla/accounting/outage-row.ts';
import type { Incident } from '../../../src/core/sla/incident.ts';
import type { LeaseId } from '../../../src/core/units.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { KeptFacts } from '../../../src/ports/journal.ts';
import type { LedgerEntry } from '../../../src/ports/ledger.ts';
import { type Circumstances, normally } from '../postgres/circumstances.ts';
import type { SimDirectory } from '../postgres/directory.ts';
import { Storage } from '../postgres/storage.ts';

export class Disk {
  readonly storage = new Storage();
  readonly circumstances: Circumstances = normally();
  data: SimDirectory | null = null;
  readonly #lost: SimDirectory[] = [];
  /** Directories that were replaced; Baton never wipes one because something failed. */
  readonly replaced: SimDirectory[] = [];
  lease: LeaseId | null = null;
  kept: KeptFacts | null = null;
  readonly ledger: LedgerEntry[] = [];
  /** The newest version of each incident in the ledger. */
  readonly incidents = new Map<string, Incident>();
  serviceBookmark: OutageRow | null = null;

  /** A small file of Baton's becomes durable: when the device says so, and not at all when it does not. */
  async durably(clock: Clock): Promise<void> {
    const problem = await new Promise<string | null>((resolve) => this.storage.sync(clock, 'files', resolve));
    if (problem !== null) throw new Error(problem);
  }

  /** Every directory that was ever here, also what was moved aside and what went with a device. */
  get everything(): readonly SimDirectory[] {
    return [...(this.data === null ? [] : [this.data]), ...this.replaced, ...this.#lost];
  }

  /** Another device in its place, and nothing on it. */
  lose(): void {
    if (this.data !== null) this.#lost.push(this.data);
    this.data = null;
    this.lease = null;
    this.kept = null;
    this.ledger.length = 0;
    this.incidents.clear();
    this.serviceBookmark = null;
  }
}
