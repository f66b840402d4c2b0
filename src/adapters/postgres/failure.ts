/** How operations of this adapter fail, and the one place where a failure becomes a value. */
import { isSystemError } from '../system-error.ts';
import { err, ok } from '../../core/result.ts';
import type { OperationError, Outcome } from '../../ports/postgres.ts';

/** An expected failure, for the person who must act. Everything else that is thrown is a bug, or the file system. */
export class OperationFailure extends Error {
  readonly retryable: boolean;

  constructor(problem: string, retryable: boolean) {
    super(problem);
    this.name = 'OperationFailure';
    this.retryable = retryable;
  }
}

/** PostgreSQL has taken the number of this promotion before: another one must be reserved. */
export class TimelineBegun extends OperationFailure {
  constructor(problem: string) {
    super(problem, true);
    this.name = 'TimelineBegun';
  }
}

/** How a conversation with a server failed. */
export type SessionOutcome =
  /** The kernel said that nobody listens. */
  | 'refused'
  | 'timed-out'
  | 'unreachable'
  /** PostgreSQL itself sent an error. */
  | 'answered'
  | 'aborted';

export class SessionFailure extends Error {
  readonly outcome: SessionOutcome;
  /** The SQLSTATE that PostgreSQL sent; null when it sent nothing. */
  readonly sqlState: string | null;

  constructor(outcome: SessionOutcome, problem: string, sqlState: string | null = null) {
    super(problem);
    this.name = 'SessionFailure';
    this.outcome = outcome;
    this.sqlState = sqlState;
  }
}

/** Runs an operation; an expected failure becomes an error with `what` in front. Bugs are thrown on. */
export async function outcomeOf<T>(what: string, work: () => Promise<T>): Outcome<T> {
  try {
    return ok(await work());
  } catch (thrown) {
    return err(operationError(what, thrown));
  }
}

function operationError(what: string, thrown: unknown): OperationError {
  if (thrown instanceof TimelineBegun)
    return { problem: `${what}: ${thrown.message}`, retryable: true, timelineBegun: true };
  if (thrown instanceof OperationFailure) return { problem: `${what}: ${thrown.message}`, retryable: thrown.retryable };
  if (thrown instanceof SessionFailure) return { problem: `${what}: ${thrown.message}`, retryable: true };
  if (isSystemError(thrown)) return { problem: `${what}: ${thrown.message}`, retryable: true };
  throw thrown;
}
