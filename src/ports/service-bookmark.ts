/** What goes on at this moment, so that a crash of the daemon loses a minute of the outage ledger and not a day. */
import type { OutageRow } from '../core/sla/accounting/outage-row.ts';

export interface ServiceBookmark {
  /** As it was when this daemon began; null when there is none, or none that can be read. */
  read(): OutageRow | null;
  /** Rejects when the disk refuses. */
  keep(row: OutageRow): Promise<void>;
}
