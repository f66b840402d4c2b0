/** PostgreSQL's timeline history: where each ancestor of a timeline ended. */
import { type Lsn, parseLsn, type Timeline } from './units.ts';

/** One line of a .history file: `timeline` was left at `endLsn` for the next one. */
export interface HistoryLine {
  readonly timeline: Timeline;
  readonly endLsn: Lsn;
}

/** A timeline with its ancestors, oldest first; the last one has not ended. */
export interface Branch {
  readonly timeline: Timeline;
  readonly ancestors: readonly HistoryLine[];
}

/** Where two branches part: both hold everything before `forkLsn` of `timeline`. Null: neither has ended there. */
export interface Fork {
  readonly timeline: Timeline;
  readonly forkLsn: Lsn | null;
  /** The own branch still is on `timeline`: what it has beyond the fork decides whether it diverged. */
  readonly ownIsThere: boolean;
}

/** Throws RangeError for what PostgreSQL does not write. */
export function parseHistory(file: string): readonly HistoryLine[] {
  const lines = file.split('\n').map((line) => line.replace(/#.*$/, '').trim());
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const [number, position] = line.split(/\s+/);
      if (number === undefined || position === undefined || !/^\d+$/.test(number)) {
        throw new RangeError(`not a line of a timeline history: "${line}"`);
      }
      return { timeline: Number(number) as Timeline, endLsn: parseLsn(position) };
    });
}

/** `00000002.history` */
export const historyFileName = (timeline: Timeline): string =>
  `${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`;

/** False when a timeline ended before the one it came from began: made by a promotion behind an older fork. */
export const isMonotone = (ancestors: readonly HistoryLine[]): boolean =>
  ancestors.every((line, at) => {
    const before = ancestors[at - 1];
    return before === undefined || (before.timeline < line.timeline && before.endLsn <= line.endLsn);
  });

/** Null when the two have no timeline in common. */
export function findFork(own: Branch, leader: Branch): Fork | null {
  const ownSteps = stepsOf(own);
  const leaderSteps = stepsOf(leader);
  let last: Fork | null = null;
  for (const [at, mine] of ownSteps.entries()) {
    const theirs = leaderSteps[at];
    if (theirs === undefined || mine.timeline !== theirs.timeline) break;
    const ends = [mine.endLsn, theirs.endLsn].filter((end) => end !== null);
    const forkLsn = ends.length === 0 ? null : (ends.reduce((least, end) => (end < least ? end : least)) as Lsn);
    last = { timeline: mine.timeline, forkLsn, ownIsThere: mine.endLsn === null };
    if (mine.endLsn !== theirs.endLsn) break;
  }
  return last;
}

const stepsOf = (branch: Branch): readonly { readonly timeline: Timeline; readonly endLsn: Lsn | null }[] => [
  ...branch.ancestors,
  { timeline: branch.timeline, endLsn: null },
];
