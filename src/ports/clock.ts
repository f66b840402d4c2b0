import type { MonoMs, Ms, WallMs } from '../core/units.ts';

/** Time as a dependency. The simulator supplies a virtual one. */
export interface Clock {
  /** CLOCK_MONOTONIC: shared by all processes of this host, stands still while the machine is suspended. */
  mono(): MonoMs;
  /** CLOCK_BOOTTIME: the same, but counts a suspend. Resolution 10 ms. */
  boot(): MonoMs;
  wall(): WallMs;
  /** Resolves after `durationMs`; rejects with the signal's reason when it aborts first. */
  sleep(durationMs: Ms, signal?: AbortSignal): Promise<void>;
  /** Calls `action` once after `durationMs`, unless the returned function is called first. */
  timer(durationMs: Ms, action: () => void): () => void;
  /** A signal that aborts with a TimeoutError after `limitMs`. Holds the process open, unlike AbortSignal.timeout. */
  timeout(limitMs: Ms): AbortSignal;
}
