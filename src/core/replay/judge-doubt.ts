/** What a recorded doubt would have come to, by what the rules say of each of its views. */
import type { Doubt } from '../doubt/doubt-watch.ts';
import type { Declares } from '../doubt/headroom.ts';
import { type MemberName, type MonoMs, type Ms, wallMs } from '../units.ts';
import type { Bounds, Really, ReplayedDoubt, Would } from './replayed-doubt.ts';

/** One recorded view of a doubt. */
export interface Looked {
  readonly atMono: MonoMs;
  /** Under the limits that are tried, had all gone on from here as it was. */
  readonly would: Declares | null;
  /** The same, under those that were in force. */
  readonly does: Declares | null;
  /** The leader key was gone. Under a longer lease it would have been there for `ttlLongerMs` more, unless it was given up. */
  readonly keyGone: boolean;
  readonly ttlLongerMs: Ms;
}

export interface Story {
  readonly doubt: Doubt;
  readonly wallAheadMs: Ms;
  readonly seenBy: MemberName;
  readonly declared: { readonly rule: string; readonly atMono: MonoMs } | null;
  /** In order; the last is the first on which a failure is declared, if there is one. */
  readonly looks: readonly Looked[];
}

type End = { readonly kind: 'healed' | 'failed'; readonly atMono: MonoMs } | { readonly kind: 'cut-short' };

export function judge(story: Story, end: End): ReplayedDoubt {
  const { doubt, seenBy, wallAheadMs } = story;
  const really = reallyOf(story, end);
  return {
    ...{ seenBy, about: doubt.about, as: doubt.as, signs: doubt.signs, really },
    at: wallMs(Math.round(doubt.sinceMono + wallAheadMs)),
    would: wouldOf(story, end, really),
  };
}

function reallyOf({ doubt, declared, looks }: Story, end: End): Really {
  const after = (atMono: MonoMs) => Math.max(0, Math.round(atMono - doubt.sinceMono));
  if (end.kind === 'cut-short') return { kind: 'cut-short', afterMs: after(looks.at(-1)?.atMono ?? doubt.sinceMono) };
  if (end.kind === 'healed') return { kind: 'healed', afterMs: after(end.atMono) };
  return { kind: 'failed', rule: declared?.rule ?? null, afterMs: after(declared?.atMono ?? end.atMono) };
}

function wouldOf(story: Story, end: End, really: Really): Would {
  const { looks, doubt } = story;
  const at = looks.findIndex(({ would, atMono }) => would !== null && would.atMono <= atMono);
  const found = looks[at];
  const endMono = end.kind === 'healed' ? end.atMono : null;
  // What was between the view that declares and the one before it is in its bounds already.
  const perhaps = perhapsBefore(story, at < 0 ? looks.length : at - 1, endMono);
  if (found?.would != null) {
    const after = boundsOf(story, at, found);
    const fromMs = perhaps?.after.fromMs ?? after.fromMs;
    return { kind: 'declared', rule: found.would.rule, after: { ...after, fromMs } };
  }
  if (perhaps !== null) return perhaps;
  if (really.kind !== 'failed') return { kind: 'not', ...closest(looks, endMono) };
  const last = looks.at(-1)?.would ?? null;
  return {
    kind: 'later',
    rule: last?.rule ?? null,
    afterMs: last === null ? null : Math.max(0, Math.round(last.atMono - doubt.sinceMono)),
  };
}

/** Declared on the view at `at`, or at some time after the one before it. */
function boundsOf({ looks, doubt }: Story, at: number, found: Looked): Bounds {
  const before = looks[at - 1];
  const after = (atMono: number) => Math.max(0, Math.round(atMono - doubt.sinceMono));
  const toMs = after(found.atMono);
  if (found.keyGone && found.ttlLongerMs > 0) return { fromMs: toMs, toMs: toMs + found.ttlLongerMs };
  // Where the limits that are tried make no difference to what is known, both declare at the same moment.
  const same = found.does !== null && found.does.atMono <= found.atMono && sameOutlook(before);
  return { fromMs: same ? toMs : after(before?.atMono ?? doubt.sinceMono), toMs };
}

const sameOutlook = (look: Looked | undefined): boolean =>
  look === undefined ? true : look.would?.atMono === look.does?.atMono && look.would?.rule === look.does?.rule;

/**
 * Between two views, had all gone on from the first as it was. The second does not tell whether it had; where the limits
 * that were in force would have declared the same, it had not, because they did not.
 */
function perhapsBefore(
  { looks, doubt }: Story,
  end: number,
  endMono: MonoMs | null,
): Extract<Would, { readonly kind: 'perhaps' }> | null {
  for (const [index, look] of looks.slice(0, Math.max(0, end)).entries()) {
    const { would } = look;
    const nextMono = looks[index + 1]?.atMono ?? endMono;
    if (would === null || nextMono === null || would.atMono > nextMono || sameOutlook(look)) continue;
    const after = (atMono: number) => Math.max(0, Math.round(atMono - doubt.sinceMono));
    return { kind: 'perhaps', rule: would.rule, after: { fromMs: after(would.atMono), toMs: after(nextMono) } };
  }
  return null;
}

/** What was left when the least was left. Until the next view all may have stayed as it was, or have healed at once. */
function closest(
  looks: readonly Looked[],
  endMono: MonoMs | null,
): { readonly rule: string | null; readonly headroom: Bounds | null } {
  let least: { rule: string; headroom: Bounds } | null = null;
  for (const [index, { would, atMono }] of looks.entries()) {
    if (would === null) continue;
    const nextMono = looks[index + 1]?.atMono ?? endMono ?? atMono;
    const left = (at: number) => Math.max(0, Math.round(would.atMono - at));
    const headroom = { fromMs: left(nextMono), toMs: left(atMono) };
    if (least === null || headroom.fromMs < least.headroom.fromMs) least = { rule: would.rule, headroom };
  }
  return least ?? { rule: null, headroom: null };
}
