/** Reads a cluster's keys straight from etcd, once, for when no daemon answers. Writes nothing. */
import { err, ok, type Result } from '../core/result.ts';
import type { Ms } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';
import type { Coordinator, Snapshot } from '../ports/coordinator.ts';

export interface EtcdReader {
  readonly cluster: string;
  /** The whole prefix, linearizably read; the error names the endpoints. */
  read(limitMs: Ms, signal: AbortSignal): Promise<Result<Snapshot, string>>;
}

export type OpenedCoordinator = Coordinator & { close(): void };

/** `open` is called for each read, and what it opened is closed after it: most runs of the command never need it. */
export function createEtcdReader(
  cluster: string,
  open: () => Promise<Result<OpenedCoordinator, string>>,
  clock: Clock,
): EtcdReader {
  return {
    cluster,
    read: async (limitMs, signal) => {
      const opened = await open();
      if (!opened.ok) return opened;
      try {
        return await firstSnapshot(opened.value, clock, limitMs, signal);
      } finally {
        opened.value.close();
      }
    },
  };
}

function firstSnapshot(
  coordinator: Coordinator,
  clock: Clock,
  limitMs: Ms,
  signal: AbortSignal,
): Promise<Result<Snapshot, string>> {
  return new Promise((resolve) => {
    const following = new AbortController();
    let problem = `no answer within ${limitMs} ms`;
    const end = (result: Result<Snapshot, string>) => {
      cancel();
      signal.removeEventListener('abort', interrupted);
      following.abort();
      resolve(result);
    };
    const interrupted = () => end(err('interrupted'));
    const cancel = clock.timer(limitMs, () => end(err(problem)));
    if (signal.aborted) {
      interrupted();
      return;
    }
    signal.addEventListener('abort', interrupted, { once: true });
    coordinator.follow((observation) => {
      if (following.signal.aborted) return;
      if (observation.kind === 'snapshot') end(ok(observation.snapshot));
      else problem = observation.problem;
    }, following.signal);
  });
}
