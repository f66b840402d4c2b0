/**
 * What a member with data tells its recorder while an observer records the outage that goes on: all but what would open
 * a second record of it. The observer saw the outage from before its beginning, while no daemon beside a PostgreSQL ran.
 */
import type { RecorderFact } from './recorder-fact.ts';

/** Null: the recorder is not told. */
export function leftToObserver(fact: RecorderFact): RecorderFact | null {
  switch (fact.kind) {
    case 'declared':
      return null;
    case 'write-failed':
      return { ...fact, opensNothing: true };
    // Whoever sees another member win opens nothing; a drill or a switchover cannot be asked for meanwhile.
    case 'leadership-won':
      return { ...fact, kind: 'leader-changed-elsewhere' };
    default:
      return fact;
  }
}
