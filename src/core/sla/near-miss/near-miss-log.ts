/**
 * Which near misses are written down now: the first of a sort at once, those alike that follow within a stretch of time as
 * one, when it is over. So many doubts a minute make no more records than a few.
 */
import { minute, type MonoMs, type Ms } from '../../units.ts';
import { merged, type NearMiss, sortOf } from './near-miss.ts';

/** After a record of one sort the next of it comes no sooner. */
export const togetherMs: Ms = 10 * minute;
/** Kept apart; a further one is counted to the sort that has waited longest. */
const sortsMax = 32;

interface Gathering {
  readonly sinceMono: MonoMs;
  /** Those since the last record; null when there were none. */
  readonly waiting: NearMiss | null;
}

export type NearMissLog = ReadonlyMap<string, Gathering>;

export const emptyNearMissLog: NearMissLog = new Map();

export interface Logged {
  readonly log: NearMissLog;
  readonly due: readonly NearMiss[];
}

export function withNearMiss(log: NearMissLog, miss: NearMiss, nowMono: MonoMs): Logged {
  const sort = log.has(sortOf(miss)) || log.size < sortsMax ? sortOf(miss) : ([...log.keys()][0] ?? sortOf(miss));
  const known = log.get(sort);
  const next = new Map(log);
  if (known === undefined) {
    next.set(sort, { sinceMono: nowMono, waiting: null });
    return { log: next, due: [miss] };
  }
  next.set(sort, { ...known, waiting: known.waiting === null ? miss : merged(known.waiting, miss) });
  return gathered(next, nowMono);
}

/** Those whose time is over. To be asked now and then. */
export function gathered(log: NearMissLog, nowMono: MonoMs): Logged {
  const over: (readonly [string, Gathering])[] = [];
  for (const each of log) if (nowMono - each[1].sinceMono >= togetherMs) over.push(each);
  if (over.length === 0) return { log, due: [] };
  const next = new Map(log);
  for (const [sort, { waiting }] of over) {
    next.delete(sort);
    // A stretch in which there was one is followed by another: it does not quieten down between two records.
    if (waiting !== null) next.set(sort, { sinceMono: nowMono, waiting: null });
  }
  return { log: next, due: over.flatMap(([, { waiting }]) => waiting ?? []) };
}

/** Not written down yet, of all sorts. */
export const waitingIn = (log: NearMissLog): readonly NearMiss[] =>
  [...log.values()].flatMap(({ waiting }) => waiting ?? []);
