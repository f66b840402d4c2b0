/** What this host can say about an incident afterwards. */
import type { Found } from '../core/sla/evidence/bundle.ts';
import type { WallMs } from '../core/units.ts';

export interface EvidenceSource {
  /**
   * Keeps what is about to change: the control file of the data directory as it is now. Called as soon as an incident is
   * known; reads one page of a file. Never rejects.
   */
  before(incident: string): Promise<void>;
  /**
   * Everything that is found here about a stretch of time, oldest line first in each part. What cannot be read is a part
   * with a problem. Resolves soon after the signal aborts, with what there is by then; never rejects.
   */
  collect(incident: string, from: WallMs, to: WallMs, signal: AbortSignal): Promise<readonly Found[]>;
  /** What the newest rewind of this member kept aside, when it did so after `from`; null when it did not. */
  diverged(from: WallMs, signal: AbortSignal): Promise<Found | null>;
}
