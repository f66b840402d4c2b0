/** Watches one endpoint for as long as the signal lets it: opened again when it ends, breaks or falls silent. */
import type { Ms, Revision } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Change, EtcdEndpoint, WatchEnd } from './endpoint.ts';

/** An open stream of a stopped or cut-off member says nothing for ever: so it is asked for progress, and given up. */
const progressEveryMs: Ms = 500;
const silenceMs: Ms = 1_500;
const createWithinMs: Ms = 1_000;
const reopenAfterMs: Ms = 100;
const reopenAfterMaxMs: Ms = 1_000;

export interface Watched {
  /** Where to begin: one past what is known for certain. Only reads and events count, never progress answers. */
  from(): Revision;
  /** Anything arrived: this endpoint lives. */
  heard(): void;
  changed(etcdClusterId: string, changes: readonly Change[]): void;
  /** The revision to begin at is gone; the watch is tried again, after what a read shows by then. */
  compacted(): void;
}

/** Resolves when the signal aborts; the stream is cancelled then. */
export async function keepWatching(
  endpoint: EtcdEndpoint,
  clock: Clock,
  watched: Watched,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = reopenAfterMs;
  while (!signal.aborted) {
    const { end, worked } = await watchOnce(endpoint, clock, watched, signal);
    if (signal.aborted) return;
    if (end.kind === 'compacted') watched.compacted();
    pauseMs = worked ? reopenAfterMs : Math.min(2 * pauseMs, reopenAfterMaxMs);
    await clock.sleep(pauseMs, signal).catch(() => {});
  }
}

function watchOnce(
  endpoint: EtcdEndpoint,
  clock: Clock,
  watched: Watched,
  signal: AbortSignal,
): Promise<{ end: WatchEnd; worked: boolean }> {
  return new Promise((resolve) => {
    let worked = false;
    let settled = false;
    let cancelProgress: () => void = () => {};

    const settle = (end: WatchEnd) => {
      if (settled) return;
      settled = true;
      cancelSilence();
      cancelProgress();
      signal.removeEventListener('abort', aborted);
      resolve({ end, worked });
    };
    const giveUp = (problem: string) => {
      watch.cancel();
      settle({ kind: 'lost', problem, byEtcd: false });
    };
    const aborted = () => giveUp('no longer wanted');
    const heard = () => {
      cancelSilence();
      cancelSilence = clock.timer(silenceMs, () => giveUp(`silent for ${silenceMs} ms`));
      watched.heard();
    };
    const askProgress = () => {
      cancelProgress = clock.timer(progressEveryMs, askProgress);
      watch.askProgress();
    };
    let cancelSilence = clock.timer(createWithinMs, () => giveUp(`not begun within ${createWithinMs} ms`));
    signal.addEventListener('abort', aborted, { once: true });
    const watch = endpoint.watch(watched.from(), {
      created: () => {
        if (settled) return;
        worked = true;
        heard();
        cancelProgress = clock.timer(progressEveryMs, askProgress);
      },
      changed: (etcdClusterId, changes) => {
        if (settled) return;
        heard();
        if (changes.length > 0) watched.changed(etcdClusterId, changes);
      },
      ended: (end) => {
        if (!settled && (end.kind === 'compacted' || end.byEtcd)) watched.heard();
        settle(end);
      },
    });
  });
}
