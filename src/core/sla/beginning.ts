import type { Incident } from './incident.ts';

/** When an incident began, in ms since the epoch: the last good write, else the first sign that is known; else null. */
export function beginning({ instants: { t0, t1, t2, t3 } }: Incident): number | null {
  const first = t0 ?? t1 ?? t2 ?? t3;
  return first === null ? null : Date.parse(first.wall);
}
