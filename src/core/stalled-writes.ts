/**
 * A disk that hangs: PostgreSQL serves whoever connects from memory, and no commit comes back. Told from a commit that
 * waits for a standby, and from a session of ours that hangs by itself while others write.
 */
import type { SharedConfig } from './cluster.ts';
import { elapsed, type Ms } from './units.ts';
import type { PrimaryView } from './postgres-view.ts';
import type { View } from './view.ts';

/** A look that is older does not say what the server does now. */
const lookFreshMs: Ms = 500;

/**
 * Twice what a server is given that serves nobody new: under a checkpoint and a heavy load an fsync of a sound disk takes a
 * second now and then, and a connection never does.
 */
export const stallLimitMs = ({ hangMs }: Pick<SharedConfig['failover'], 'hangMs'>): Ms => 2 * hangMs;

/** How long our probe commit has been under way while nothing at all was written; 0 when that is not so. */
export function writesStalledMs(view: View, primary: PrimaryView): Ms {
  const { inFlightSinceMono, waitingSeenMono } = primary.probe;
  if (inFlightSinceMono === null || elapsed(primary.seenMono, view.nowMono) > lookFreshMs) return 0;
  if (waitingSeenMono !== null && waitingSeenMono >= inFlightSinceMono) return 0;
  return Math.min(elapsed(inFlightSinceMono, view.nowMono), elapsed(primary.currentChangedMono, view.nowMono));
}
