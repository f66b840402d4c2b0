/** What the guardian's loop is given, and what it gives. */
import type { LeaseId } from '../core/units.ts';
import type { BatondLink, KeptLease } from '../ports/batond-link.ts';
import type { Clock } from '../ports/clock.ts';
import type { LeaseStore } from '../ports/coordinator.ts';
import type { ProcessHost } from '../ports/process-host.ts';

export interface GuardianDeps {
  /** Absolute. Every process that works in it is this guardian's to end. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly leases: LeaseStore;
  readonly host: ProcessHost;
  readonly link: BatondLink;
  readonly kept: KeptLease;
  /** Random, positive, 63 bits: no two members and no two runs ever choose the same. */
  readonly newLeaseId: () => LeaseId;
  readonly log: (event: string, details: Readonly<Record<string, unknown>>) => void;
}

export interface Guardian {
  /** Hand over if batond can, stop postgres, give the lease back, end. What SIGTERM does. */
  terminate(): void;
  /** Resolves when it ended after `terminate`, or when the signal aborted; the latter leaves everything as it is. */
  readonly ended: Promise<void>;
}
