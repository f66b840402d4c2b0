/** What reads do when no daemon answers: ask etcd for the same facts, and say so. */
import { err, ok, type Result } from '../core/result.ts';
import type { Snapshot } from '../ports/coordinator.ts';
import { EXIT, type Failure, unreachable } from './failure.ts';
import { type Paint, wrapText } from './terminal.ts';
import type { VerbContext } from './verb.ts';

/** Where an answer came from; `problem` says why it was not the daemon. */
export type Source = { readonly kind: 'daemon' } | { readonly kind: 'etcd'; readonly problem: string };

export interface Sourced<T> {
  readonly source: Source;
  readonly value: T;
}

/** `read` takes the keys as etcd has them. Used for failures that mean "nobody answers" only; others are the answer. */
export async function orFromEtcd<T>(
  context: VerbContext,
  answer: Result<T, Failure>,
  read: (snapshot: Snapshot, cluster: string) => Result<T, Failure>,
): Promise<Result<Sourced<T>, Failure>> {
  if (answer.ok) return ok({ source: { kind: 'daemon' }, value: answer.value });
  if (answer.error.exit !== EXIT.unreachable || context.etcd === null || context.signal.aborted) return answer;
  const snapshot = await context.etcd.read(context.askLimitMs, context.signal);
  if (!snapshot.ok)
    return err(
      unreachable(
        `${answer.error.problem}\nNor does etcd: ${snapshot.error}.`,
        "Run this on another member's host. Here, look at `systemctl status batond etcd` and at the network.",
      ),
    );
  const value = read(snapshot.value, context.etcd.cluster);
  return value.ok ? ok({ source: { kind: 'etcd', problem: answer.error.problem }, value: value.value }) : value;
}

/** What stands above an answer that did not come from a daemon, with an empty line after it; empty when it did. */
export const sourceNote = (source: Source, paint: Paint): string =>
  source.kind === 'daemon'
    ? ''
    : `${paint.doubt(`${wrapText(source.problem)}\nThis is what etcd holds, read directly: the last that the daemons wrote.`)}\n\n`;
