/** What people see of the outbox: what was or will be told to whom, and how far it is. */
import type { NoticeHead } from './notice.ts';
import type { OutboxEntry } from './outbox.ts';

export interface ListedNotice extends NoticeHead {
  readonly state: OutboxEntry['state']['kind'];
  /** RFC 3339: when it was sent or given up; of a pending one when it is tried again. */
  readonly stateAt: string | null;
  /** The member that tried last; null when none did. */
  readonly by: string | null;
  readonly attempts: number;
  readonly lastProblem: string | null;
}

/** Oldest first. */
export const listedNotices = (entries: Iterable<OutboxEntry>): readonly ListedNotice[] =>
  [...entries]
    .map(({ head, state, attempts, lastProblem }) => ({
      ...head,
      state: state.kind,
      stateAt: state.kind === 'pending' ? state.notBefore : state.at,
      by: state.by,
      attempts,
      lastProblem,
    }))
    .toSorted((one, other) => (one.at === other.at ? (one.key < other.key ? -1 : 1) : one.at < other.at ? -1 : 1));
