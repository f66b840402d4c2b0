/**
 * A standby that does not stay up: its disk is read-only or fails, its configuration is wrong, a file is damaged. It is tried
 * again, ever less often: what is wrong is a person's to mend, and it has to be back within seconds of that.
 */
import { elapsed, type MonoMs, type Ms } from './units.ts';
import type { View } from './view.ts';

/** Starts of a standby that came to nothing, one after the other: they failed, or what they started ended by itself soon. */
export interface FailedStarts {
  readonly count: number;
  /** When the newest came to its end, and what is known of it. */
  readonly atMono: MonoMs;
  readonly problem: string;
}

/** By how many failed. Once may be chance: it was killed, or its host was short of something for a moment. */
const pausesMs: readonly Ms[] = [0, 0, 500, 1_000, 2_000];
const pauseMaxMs: Ms = 5_000;
/** What has not failed for so long after it was due stays up. */
const lastingMs: Ms = 10_000;

export const pauseAfterStarts = (count: number): Ms => pausesMs[count] ?? pauseMaxMs;

const isOver = ({ count, atMono }: FailedStarts, nowMono: MonoMs): boolean =>
  elapsed(atMono, nowMono) >= pauseAfterStarts(count) + lastingMs;

export const oneMoreFailed = (before: FailedStarts | null, atMono: MonoMs, problem: string): FailedStarts => ({
  count: before === null || isOver(before, atMono) ? 1 : before.count + 1,
  atMono,
  problem,
});

/** What is wrong, in words; null while a standby is not known to fail again and again, or since it stays up. */
export function failingStandby({ memory, nowMono }: Pick<View, 'memory' | 'nowMono'>): string | null {
  const failed = memory.failedStarts;
  if (failed === null || failed.count < 2 || isOver(failed, nowMono)) return null;
  return `the standby here does not stay up (tried ${failed.count} times; ${failed.problem}): it is tried again every ${pauseMaxMs / 1000} s at most`;
}
