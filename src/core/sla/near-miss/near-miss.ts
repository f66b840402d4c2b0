/** Doubts that healed, as they are kept for the record: what was suspected, for how long, and what was left of the limit. */
import type { Doubt } from '../../doubt/doubt-watch.ts';
import { type Limits, limitsOf } from '../../doubt/limits.ts';
import { signText } from '../../doubt/signs.ts';
import type { Ms, WallMs } from '../../units.ts';
import { wallMs } from '../../units.ts';

/** One, or several alike within one stretch of time: then the closest of them, with how many there were. */
export interface NearMiss {
  readonly cluster: string;
  /** Whose leadership was in doubt. */
  readonly about: string;
  /** Who saw it, and as what: `client` is the write probe. */
  readonly seenBy: string;
  readonly as: 'leader' | 'candidate' | 'client';
  /** When the closest began, ms since the epoch by the wall clock of whoever saw it. */
  readonly at: WallMs;
  readonly lastedMs: Ms;
  /** What was seen, in the order in which it came; see signText. */
  readonly signs: readonly string[];
  /** The rule that would have declared a failure; null: none would have by this alone, however long it had lasted. */
  readonly rule: string | null;
  /** What was left then until it would have. */
  readonly headroomMs: Ms | null;
  /** How long the doubt had lasted when so little was left. */
  readonly closestAfterMs: Ms | null;
  /** In force at that time. */
  readonly limits: Limits;
  readonly count: number;
  /** When the first of them began and the last was over. */
  readonly from: WallMs;
  readonly until: WallMs;
  readonly longestMs: Ms;
}

/** `wallAheadMs`: wall clock minus monotonic clock of this host. */
export function nearMissOf(
  doubt: Doubt,
  healedMono: number,
  { cluster, seenBy, wallAheadMs }: { readonly cluster: string; readonly seenBy: string; readonly wallAheadMs: number },
): NearMiss {
  const lastedMs = Math.max(0, Math.round(healedMono - doubt.sinceMono));
  const at = wallMs(Math.round(doubt.sinceMono + wallAheadMs));
  return {
    cluster,
    ...{ about: doubt.about, seenBy, as: doubt.as, at, lastedMs, signs: doubt.signs },
    rule: doubt.closest?.rule ?? null,
    headroomMs: doubt.closest?.headroomMs ?? null,
    closestAfterMs: doubt.closest?.afterMs ?? null,
    limits: limitsOf(doubt.view.policy),
    ...{ count: 1, from: at, until: wallMs(at + lastedMs), longestMs: lastedMs },
  };
}

/** Alike: the same leadership, doubted by the same member for the same reason. */
export const sortOf = ({ about, seenBy, as, rule, signs }: NearMiss): string =>
  [about, seenBy, as, rule ?? signs[0] ?? ''].join('/');

export function merged(one: NearMiss, other: NearMiss): NearMiss {
  const closest = isCloser(other, one) ? other : one;
  return {
    ...closest,
    count: one.count + other.count,
    from: wallMs(Math.min(one.from, other.from)),
    until: wallMs(Math.max(one.until, other.until)),
    longestMs: Math.max(one.longestMs, other.longestMs),
  };
}

/** Of two without a rule the longer one is. */
function isCloser(one: NearMiss, other: NearMiss): boolean {
  if (one.headroomMs === null || other.headroomMs === null)
    return one.headroomMs !== null || (other.headroomMs === null && one.lastedMs > other.lastedMs);
  return one.headroomMs < other.headroomMs;
}

/** How much of the time until a failure would have been declared was used up, in percent; null without a rule. */
export function usedPercent({
  headroomMs,
  closestAfterMs,
}: Pick<NearMiss, 'headroomMs' | 'closestAfterMs'>): number | null {
  if (headroomMs === null || closestAfterMs === null) return null;
  const wholeMs = headroomMs + closestAfterMs;
  return wholeMs === 0 ? 100 : Math.round((100 * closestAfterMs) / wholeMs);
}

export const signsText = ({ signs }: Pick<NearMiss, 'signs'>): string => signs.map(signText).join(', ');

export interface NearMissSum {
  readonly count: number;
  /** Of the closest; null when no rule was on the way to declare a failure. */
  readonly smallestHeadroomMs: Ms | null;
  readonly rule: string | null;
}

/** Of those that were over within the span, ms since the epoch. */
export function sumOf(misses: readonly NearMiss[], span: { readonly from: number; readonly to: number }): NearMissSum {
  const within = misses.filter(({ until }) => until >= span.from && until < span.to);
  const [closest] = within
    .flatMap(({ headroomMs, rule }) => (headroomMs === null ? [] : [{ headroomMs, rule }]))
    .toSorted((one, other) => one.headroomMs - other.headroomMs);
  return {
    count: within.reduce((sum, { count }) => sum + count, 0),
    smallestHeadroomMs: closest?.headroomMs ?? null,
    rule: closest?.rule ?? null,
  };
}
