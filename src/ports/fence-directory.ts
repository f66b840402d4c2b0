/** The one definition of *fenced*, for the guardian and for a batond that survives it. */
import type { Ms } from '../core/units.ts';
import type { Clock } from './clock.ts';
import type { ProcessHost } from './process-host.ts';

/** A killed process needs a moment to be gone; one that waits for a dead disk needs as long as that takes. */
const pauseMinMs: Ms = 1;
const pauseMaxMs: Ms = 50;

/**
 * SIGKILLs every process whose working directory is the data directory, until two scans in a row have found none: one
 * scan may miss a process that is forked while it runs. Goes on for as long as any is found; rejects with the signal's
 * reason when it aborts first.
 */
export async function fenceDirectory(
  host: ProcessHost,
  clock: Clock,
  dataDir: string,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = pauseMinMs;
  for (let empty = 0; empty < 2; ) {
    signal.throwIfAborted();
    const pids = host.scan(dataDir);
    for (const pid of pids) host.signal(pid, 'kill');
    empty = pids.length === 0 ? empty + 1 : 0;
    if (empty === 2) return;
    await clock.sleep(pauseMs, signal);
    pauseMs = pids.length === 0 ? pauseMinMs : Math.min(pauseMs * 2, pauseMaxMs);
  }
}
