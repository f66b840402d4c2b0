/** What a leader does next about a job: carries out what is due, makes good what was missed, or says that it was not done. */
import type { Ms } from '../../units.ts';
import { durationText } from '../timeline-text.ts';
import type { Run } from './run.ts';

export interface JobRules {
  /** Null: a run that comes late makes good all that were missed before it. Else it is worth nothing so long after. */
  readonly withinMs: Ms | null;
  /** After so long nobody expects to hear of a run that was begun. */
  readonly boundMs: Ms;
  /** It may be done twice: what one member began another may finish. */
  readonly repeatable: boolean;
}

export interface JobFacts {
  /** Due and in no record, oldest first, none later than `now`. */
  readonly due: readonly number[];
  readonly runs: readonly Run[];
  /** This daemon is at work on one. */
  readonly busy: boolean;
  /** In ms since the epoch. */
  readonly now: number;
}

export type JobStep =
  | { readonly kind: 'nothing' }
  /** To be claimed, then done. It stands for `count` instants from `from` on. */
  | { readonly kind: 'run'; readonly due: number; readonly from: number; readonly count: number }
  /** To be put on record: these come too late. */
  | {
      readonly kind: 'miss';
      readonly due: number;
      readonly from: number;
      readonly count: number;
      readonly says: string;
    }
  /** Somebody began it and never said how it ended: it is done again under the same claim. */
  | { readonly kind: 'finish'; readonly run: Run }
  /** The same, of what must not be done twice: it is said. */
  | { readonly kind: 'break'; readonly run: Run; readonly says: string };

const nothing: JobStep = { kind: 'nothing' };

export function nextStep({ withinMs, boundMs, repeatable }: JobRules, { due, runs, busy, now }: JobFacts): JobStep {
  if (busy) return nothing;
  const silent = runs.find(({ claim, end }) => claim.what === 'begun' && end === null && now - claim.at >= boundMs);
  if (silent !== undefined) {
    if (repeatable) return { kind: 'finish', run: silent };
    const says = `${silent.claim.by} began it and did not say within ${durationText(boundMs)} how it ended; it is not repeated`;
    return { kind: 'break', run: silent, says };
  }
  const [oldest, newest] = [due.at(0), due.at(-1)];
  if (oldest === undefined || newest === undefined) return nothing;
  if (withinMs === null) return { kind: 'run', due: newest, from: oldest, count: due.length };
  const late = due.filter((at) => at !== newest || now - at >= withinMs);
  const last = late.at(-1);
  if (last === undefined) return { kind: 'run', due: newest, from: newest, count: 1 };
  const says = `no leader could claim it within ${durationText(withinMs)} of its time`;
  return { kind: 'miss', due: last, from: oldest, count: late.length, says };
}
