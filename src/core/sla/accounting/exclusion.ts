/**
 * Maintenance that a contract lets pass: downtime inside a window that was announced in time, up to a cap for each
 * calendar month. Whatever is outside the window counts, also when it is the end of the same maintenance.
 */
import { dayMs } from '../../units.ts';
import type { Contract } from '../contract.ts';
import { earliest, type Interval, type Intervals, intersection, lengthMs, unionOf } from './intervals.ts';
import { type MonthText, monthSpan } from './zone.ts';

export interface Maintenance extends Interval {
  readonly id: string;
  /** Instants in ms since the epoch, like those of the window. */
  readonly announcedAt: number;
  /** Null while it is on. One that is called off after it began excludes what came before. */
  readonly cancelledAt: number | null;
}

/** The windows in which `contract` lets downtime pass, whatever its cap. */
export function announcedInTime({ exclusions }: Contract, maintenance: readonly Maintenance[]): Intervals {
  const rules = exclusions.maintenance;
  if (rules === null) return [];
  return unionOf(
    maintenance
      .filter(({ from, announcedAt }) => from - announcedAt >= rules.noticeDays * dayMs)
      .map(({ from, to, cancelledAt }) => ({ from, to: Math.min(to, cancelledAt ?? to) })),
  );
}

/** What of `down`, the downtime in the service hours of these whole months, does not count. */
export function excluded(
  contract: Contract,
  months: readonly MonthText[],
  down: Intervals,
  maintenance: readonly Maintenance[],
): Intervals {
  const windows = announcedInTime(contract, maintenance);
  const capMs = contract.exclusions.maintenance?.capMsPerMonth ?? 0;
  if (lengthMs(windows) === 0) return [];
  const inWindows = intersection(down, windows);
  return unionOf(
    months.flatMap((month) => earliest(intersection(inWindows, [monthSpan(contract.timeZone, month)]), capMs)),
  );
}
