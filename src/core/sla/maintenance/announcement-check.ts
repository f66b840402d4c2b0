/** Whether a window can be announced; if not, which condition fails and what to do. */
import { dayMs, type Ms, minute } from '../../units.ts';
import type { Promises } from '../contract.ts';

export interface AnnouncementDraft {
  /** Instants in ms since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly contracts: readonly string[] | null;
  readonly sites: readonly string[] | null;
}

export interface CheckFailure {
  /** A short name, for scripts. */
  readonly condition: 'window-order' | 'window-past' | 'window-length' | 'window-far' | 'contract-known' | 'site-known';
  readonly problem: string;
}

/** Between a person's clock, the way here and ours. */
const justNowMs: Ms = 1 * minute;
const lengthMsMax: Ms = 31 * dayMs;
/** etcd keeps records for little more than a year. */
const aheadMsMax: Ms = 366 * dayMs;

/** Null when it can. `now` in ms since the epoch. */
export function announcementProblem(draft: AnnouncementDraft, promises: Promises, now: number): CheckFailure | null {
  const { from, to } = draft;
  const text = (at: number) => new Date(at).toISOString();
  if (to <= from)
    return {
      condition: 'window-order',
      problem: `the window ends (${text(to)}) before it begins (${text(from)}): put --to after --from`,
    };
  if (from < now - justNowMs)
    return {
      condition: 'window-past',
      problem: `it would begin in the past (${text(from)}, and it is ${text(now)}): nothing is announced backwards, begin now or later`,
    };
  if (to - from > lengthMsMax)
    return {
      condition: 'window-length',
      problem: 'the window is longer than 31 days: announce each piece of work with its own window',
    };
  if (from > now + aheadMsMax)
    return { condition: 'window-far', problem: 'it begins in more than a year: announce it nearer to its time' };
  return (
    unknownIn('contract', draft.contracts, [...new Set(promises.contracts.map(({ id }) => id))]) ??
    unknownIn(
      'site',
      draft.sites,
      promises.sites.map(({ id }) => id),
    )
  );
}

function unknownIn(
  what: 'contract' | 'site',
  named: readonly string[] | null,
  known: readonly string[],
): CheckFailure | null {
  const unknown = named?.find((id) => !known.includes(id));
  if (unknown === undefined) return null;
  const shown = known.length === 0 ? '(none is in the configuration)' : known.slice(0, 20).join(', ');
  return { condition: `${what}-known`, problem: `there is no ${what} ${unknown}: name one of ${shown}` };
}
