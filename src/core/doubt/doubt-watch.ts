/**
 * Follows the doubts of one member from view to view: what was well begins to look bad, and is well again (a near miss), or
 * has failed. Pure: the daemon keeps near misses by it, and a replay of its journal finds the same doubts again.
 */
import type { MemberName, MonoMs, Ms, Revision } from '../units.ts';
import type { View } from '../view.ts';
import { type Declares, declares, declaresAt } from './headroom.ts';
import { type SignName, watched, type Watched } from './signs.ts';

export interface WatchState {
  /** What was well when it was last looked at; doubts begin there, and nowhere else. */
  readonly well: (Pick<Watched, 'about' | 'as' | 'term'> & { readonly seenMono: MonoMs }) | null;
  readonly doubt: Doubt | null;
}

export interface Doubt {
  readonly about: MemberName;
  readonly as: 'leader' | 'candidate';
  readonly term: Revision | null;
  readonly sinceMono: MonoMs;
  /** In the order in which they came. */
  readonly signs: readonly SignName[];
  /** Where it was nearest to a failure; null while no rule was on the way to declare one. */
  readonly closest: Closest | null;
  /** The newest view in which it was there. */
  readonly view: View;
  readonly measuredMono: MonoMs;
}

export interface Closest {
  readonly rule: string;
  readonly headroomMs: Ms;
  /** How long the doubt had lasted then. */
  readonly afterMs: Ms;
}

/** How a doubt ended: `healed` by `atMono`, `failed` when a rule declared it, `moot` when what it was about is gone. */
export type WatchStep = {
  readonly state: WatchState;
  readonly began: boolean;
  /** All is well for the first time, or again after what was no doubt: from here on one may begin. */
  readonly settled: boolean;
  readonly ended: { readonly how: 'healed' | 'failed' | 'moot'; readonly doubt: Doubt; readonly atMono: MonoMs } | null;
};

/** What was decided, by its name: also as a journal has it, which may be of a version with other rules. */
type Named = { readonly rule: string };

export const nothingWatched: WatchState = { well: null, doubt: null };

/** Between two measures of the headroom of one doubt; the last is made when it has healed. */
const measureEveryMs: Ms = 100;

export function watchDoubt(state: WatchState, view: View, decision: Named): WatchStep {
  const now = watched(view);
  return state.doubt === null ? begin(state, view, now, decision) : goOn(state.doubt, view, now, decision);
}

function begin({ well }: WatchState, view: View, now: Watched | null, decision: Named): WatchStep {
  const still = { state: { well: null, doubt: null }, began: false, settled: false, ended: null };
  if (now === null || now.planned) return still;
  if (now.signs.length === 0)
    return { ...still, state: { well: wellOf(now, view), doubt: null }, settled: well === null };
  const known = well !== null && well.about === now.about && well.as === now.as;
  if (well === null || !known || (now.term !== null && now.term !== well.term)) return still;
  // What it came to before it could be looked at is no doubt any more.
  if (acted(view, now, decision)) return still;
  const doubt = measured({
    ...{ about: now.about, as: now.as, term: well.term, signs: [], closest: null, view, measuredMono: view.nowMono },
    sinceMono: earliest(now, view),
  });
  return { state: { well: null, doubt: withSigns(doubt, now) }, began: true, settled: false, ended: null };
}

function goOn(doubt: Doubt, view: View, now: Watched | null, decision: Named): WatchStep {
  const ended = (how: 'healed' | 'failed' | 'moot', doubted = doubt, well: WatchState['well'] = null): WatchStep => ({
    state: { well, doubt: null },
    began: false,
    settled: false,
    ended: { how, doubt: doubted, atMono: view.nowMono },
  });
  if (acted(view, now ?? doubt, decision)) return ended('failed');
  if (now === null || now.planned || now.about !== doubt.about || now.as !== doubt.as) return ended('moot');
  if (now.signs.length === 0) return ended('healed', measured(doubt, view.nowMono), wellOf(now, view));
  const seen = withSigns({ ...doubt, view }, now);
  const due = view.nowMono - doubt.measuredMono >= measureEveryMs;
  return { state: { well: null, doubt: due ? measured(seen) : seen }, began: false, settled: false, ended: null };
}

/** A leader acts on its own rule at once. A candidate's takeover may be refused: only another term ends that. */
const acted = (view: View, { as }: Pick<Watched, 'as'>, decision: Named): boolean =>
  as === 'leader' && declares(view, decision);

const wellOf = ({ about, as, term }: Watched, { nowMono }: View): WatchState['well'] => ({
  about,
  as,
  term,
  seenMono: nowMono,
});

/** A sign may be older than the doubt: what is below its limit is no sign yet. */
const earliest = ({ signs }: Watched, { nowMono }: View): MonoMs =>
  signs.reduce((first, { sinceMono }) => (sinceMono < first ? sinceMono : first), nowMono);

const withSigns = (doubt: Doubt, { signs }: Watched): Doubt => {
  const fresh = signs.map(({ name }) => name).filter((name) => !doubt.signs.includes(name));
  return fresh.length === 0 ? doubt : { ...doubt, signs: [...doubt.signs, ...fresh] };
};

/** What was left at `atMono`, had everything stayed until then as it is in the doubt's view. */
function measured(doubt: Doubt, atMono: MonoMs = doubt.view.nowMono): Doubt {
  const at = declaresAt(doubt.view);
  const closest = at === null ? null : closestOf(doubt, at, atMono);
  const nearer = closest !== null && (doubt.closest === null || closest.headroomMs < doubt.closest.headroomMs);
  return { ...doubt, measuredMono: doubt.view.nowMono, closest: nearer ? closest : doubt.closest };
}

const closestOf = (doubt: Doubt, { rule, atMono: declared }: Declares, atMono: MonoMs): Closest => ({
  rule,
  headroomMs: Math.max(0, Math.round(declared - atMono)),
  afterMs: Math.max(0, Math.round(Math.min(atMono, declared) - doubt.sinceMono)),
});
