/**
 * Microtask checkpoints where the simulator wants them. Node makes one after every callback of its event loop; a turn of
 * that loop for each event of a simulation costs more than the event. V8 makes the same checkpoint on request, through
 * the function that its own tests use: every microtask runs, and those that they make, until none is left.
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--allow-natives-syntax');
const checkpoint = new Function('%PerformMicrotaskCheckpoint();') as () => void;

/** Runs everything that waits for a settled promise. Does nothing within a microtask: see `asTask`. */
export const drainMicrotasks = checkpoint;

/**
 * Runs `work` in a callback of the event loop, where microtasks can be drained, and not in the microtask of whoever
 * waits for it. What awaits the result goes on in a later microtask.
 */
export function asTask<T>(work: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        assertDrains();
        resolve(work());
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}

/** A checkpoint that does nothing would leave promises hanging between events: rather no simulation than such a one. */
function assertDrains(): void {
  let ran = false;
  queueMicrotask(() => {
    ran = true;
  });
  drainMicrotasks();
  if (!ran) throw new Error('microtasks cannot be drained here: is this V8 without %PerformMicrotaskCheckpoint?');
}
