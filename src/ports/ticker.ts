/** Wakes somebody when a schedule is due. A tick may be late or lost: nothing but promptness hangs on it. */
import type { Schedule } from '../core/sla/schedule/schedule.ts';

export interface Ticker {
  /** Calls `tick` at about each due instant until the signal aborts. */
  tick(schedule: Schedule, tick: () => void, signal: AbortSignal): void;
}
