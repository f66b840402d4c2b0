/** The few statistics that ten rounds allow. */
export interface Spread {
  /** How many rounds had a value. */
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Null without values; values that were not measured are left out. The median of an even count is the mean of two. */
export function spreadOf(values: readonly (number | null)[]): Spread | null {
  const sorted = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) return null;
  const upper = sorted[Math.floor(sorted.length / 2)] ?? max;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? min;
  return { count: sorted.length, min, median: (lower + upper) / 2, max };
}
