/** What one recorded doubt came to, and what it would have come to under other limits. */
import type { SignName } from '../doubt/signs.ts';
import type { MemberName, Ms, WallMs } from '../units.ts';

/** Somewhere from `fromMs` to `toMs`: a journal has views, and nothing of what was between two of them. */
export interface Bounds {
  readonly fromMs: Ms;
  readonly toMs: Ms;
}

/** Times are counted from when the doubt began. */
export interface ReplayedDoubt {
  readonly seenBy: MemberName;
  readonly about: MemberName;
  readonly as: 'leader' | 'candidate';
  readonly at: WallMs;
  readonly signs: readonly SignName[];
  readonly really: Really;
  readonly would: Would;
}

export type Really =
  /** Everything was well again. */
  | { readonly kind: 'healed'; readonly afterMs: Ms }
  /** A failure was declared, and a leadership ended; `rule` is null when another member declared it. */
  | { readonly kind: 'failed'; readonly rule: string | null; readonly afterMs: Ms }
  /** Planned work began, or the journal ends: nobody knows what it would have come to. */
  | { readonly kind: 'cut-short'; readonly afterMs: Ms };

export type Would =
  | { readonly kind: 'declared'; readonly rule: string; readonly after: Bounds }
  /** It depends on what was between two views. */
  | { readonly kind: 'perhaps'; readonly rule: string; readonly after: Bounds }
  /** What was left at the closest; null when no rule was on the way to declare a failure. */
  | { readonly kind: 'not'; readonly rule: string | null; readonly headroom: Bounds | null }
  /**
   * Not by the time at which a failure was really declared; `afterMs` if everything had gone on as it was then, null for
   * never by that alone. What would have come instead is in no journal.
   */
  | { readonly kind: 'later'; readonly rule: string | null; readonly afterMs: Ms | null };

/** A failover that nobody needed: it healed, and would not have been waited for. */
export const isNeedless = ({ really, would }: ReplayedDoubt): boolean =>
  really.kind === 'healed' && would.kind === 'declared';

export const mayBeNeedless = ({ really, would }: ReplayedDoubt): boolean =>
  really.kind === 'healed' && would.kind === 'perhaps';

/** How much sooner a real failure would have been declared; null where that is not known. Never negative. */
export function soonerBy({ really, would }: ReplayedDoubt): Bounds | null {
  if (really.kind !== 'failed' || would.kind !== 'declared') return null;
  return {
    fromMs: Math.max(0, really.afterMs - would.after.toMs),
    toMs: Math.max(0, really.afterMs - would.after.fromMs),
  };
}
