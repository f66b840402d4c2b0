/** What this host can say about an incident afterwards. */
import type { Found } from '../core/sla/evidence/bundle.ts';
import type { WallMs } from '../core/units.ts';

/** What is looked at of the time around an incident. */
export interface Stretch {
  readonly from: WallMs;
  readonly to: WallMs;
  /** When the incident began; before `from` where somebody has looked at its beginning already. */
  readonly begin: WallMs;
}

export interface EvidenceSource {
  /**
   * Keeps what is about to change: the control file of the data directory as it is now. Called as soon as an incident is
   * known; reads one page of a file. Never rejects.
   */
  before(incident: string): Promise<void>;
  /**
   * Everything that is found here about a stretch of time, oldest line first in each part, and how replication stood
   * before the incident if that began in it. What cannot be read is a part with a problem. Resolves soon after the signal aborts, with what there is by then; never rejects.
   */
  collect(incident: string, stretch: Stretch, signal: AbortSignal): Promise<readonly Found[]>;
  /** What the newest rewind of this member kept aside, when it did so after `from`; null when it did not. */
  diverged(from: WallMs, signal: AbortSignal): Promise<Found | null>;
}
