/** Ticks by node-cron's timers. What is due is not its business: it only wakes whoever looks that up. */
import { createTask } from 'node-cron';
import type { Ticker } from '../../ports/ticker.ts';

export function createTicker(): Ticker {
  return {
    tick: ({ text, timeZone }, tick, signal) => {
      if (signal.aborted) return;
      const task = createTask(text, tick, {
        timezone: timeZone,
        unref: true,
        suppressMissedWarning: true,
        logger: silent,
      });
      void task.start();
      signal.addEventListener('abort', () => void task.destroy(), { once: true });
    },
  };
}

/** It would write to standard output, between the lines of the log. */
const ignore = (): void => undefined;
const silent = { info: ignore, warn: ignore, error: ignore, debug: ignore };
