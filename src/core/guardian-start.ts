/** Whether the guardian may start postgres as it is told to (I8, I9). */
import { backed, deadlineOf, sleptPastDeadline } from './guardian-deadlines.ts';
import type { GuardianState } from './guardian-state.ts';
import { err, ok, type Result } from './result.ts';
import type { MonoMs, Revision } from './units.ts';

export interface StartRequest {
  readonly as: 'primary' | 'standby';
  /** The term under which it may write; null for a standby. */
  readonly term: Revision | null;
}

/** What the data directory itself says about a start. */
export interface StartMarks {
  /** standby.signal is there: postgres will start in recovery. */
  readonly standbySignal: boolean;
  /** A rewind or clone was interrupted and left its marker. */
  readonly unstartable: boolean;
}

/** The problem says what is missing, for batond's log. */
export function judgeStart(
  state: GuardianState,
  request: StartRequest,
  marks: StartMarks,
  nowMono: MonoMs,
): Result<void, string> {
  if (state.terminatingSinceMono !== null) return err('the guardian was told to terminate');
  if (state.fencing || state.child.kind !== 'none')
    return err(`postgres is not known to be down (${state.child.kind})`);
  if (marks.unstartable) return err('a rewind or clone was interrupted: the data directory must be made whole first');
  if (request.as === 'standby') {
    return marks.standbySignal ? ok(undefined) : err('standby.signal is missing: it would start as a primary');
  }
  if (request.term === null) return err('a start as a primary needs the term it may write under');
  if (state.leading !== null && request.term < state.leading.term) {
    return err(
      `term ${request.term} is over: this member leads in term ${state.leading.term}. If etcd has lost its past, end this guardian too (docs/operations.md)`,
    );
  }
  if (sleptPastDeadline(state))
    return err("the machine was suspended past the lease's deadline, and etcd has not answered since");
  // A newer term is of the lease held now; so is the first.
  const deadline = deadlineOf(request.term === state.leading?.term ? state : { ...state, leading: null });
  const live = deadline !== null && nowMono < deadline;
  if (!live && !backed(state, nowMono)) return err('there is no lease within its deadline, and no backing');
  return ok(undefined);
}
