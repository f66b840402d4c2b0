/** How a verb can end other than well: the exit code for scripts, a sentence and a hint for the person. */

/** What the shell sees. The numbers never change: scripts and runbooks hold them. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  /** A precondition does not hold; nothing was changed. */
  refused: 3,
  /** Nobody answered; nothing was changed. */
  unreachable: 4,
  /** The change may or may not have happened. */
  unknown: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface Failure {
  readonly exit: Exclude<ExitCode, 0>;
  /** Names the cause for a script: `no-daemon`, or the precondition that does not hold. */
  readonly code: string;
  /** What is wrong, and where. */
  readonly problem: string;
  /** What to do about it: a sentence, with the command where there is one. */
  readonly hint: string;
}

export const usage = (problem: string, hint: string): Failure => ({ exit: EXIT.usage, code: 'usage', problem, hint });

export const refused = (condition: string, problem: string, hint: string): Failure => ({
  exit: EXIT.refused,
  code: condition,
  problem,
  hint,
});

export const failed = (code: string, problem: string, hint: string): Failure => ({
  exit: EXIT.failed,
  code,
  problem,
  hint,
});

export const unreachable = (problem: string, hint: string): Failure => ({
  exit: EXIT.unreachable,
  code: 'unreachable',
  problem,
  hint,
});

export const unknownOutcome = (problem: string, hint: string): Failure => ({
  exit: EXIT.unknown,
  code: 'outcome-unknown',
  problem,
  hint,
});
