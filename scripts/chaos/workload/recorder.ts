/** Collects the history of a workload while it runs, and hands out identifiers and servers. */
import type { Operation, Outcome, Read, Server, Write } from './history.ts';
import type { Answer } from './wire-session.ts';
import { monoNow } from '../../rig/rig-member.ts';

export class Recorder {
  readonly operations: Operation[] = [];
  readonly #servers = new Map<string, Server>();
  #lastId = 0;
  #acknowledgedWrites = 0;

  get acknowledgedWrites(): number {
    return this.#acknowledgedWrites;
  }

  /** The one object that stands for this server. */
  server(found: Server): Server {
    const key = [found.target, found.systemIdentifier, found.timeline, found.postmasterStart].join('|');
    const known = this.#servers.get(key) ?? found;
    this.#servers.set(key, known);
    return known;
  }

  /** Of the next operation. */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /**
   * Waits for the answer and notes what it means. `action` says what was done, from the rows of the answer for a read.
   * Rejects, once the operation is noted, when the session ended.
   */
  async note(
    begun: Pick<Operation, 'id' | 'client' | 'server'>,
    asked: Promise<Answer>,
    action: (rows: Answer['rows'] | null) => Write | Read,
  ): Promise<Answer> {
    const sentMono = monoNow();
    try {
      const answer = await asked;
      const outcome = outcomeOf(answer);
      const done = action(outcome === 'ok' ? answer.rows : null);
      this.operations.push({
        ...{ ...begun, action: done, outcome, sentMono: answer.sentMono, answeredMono: answer.answeredMono },
      });
      if (outcome === 'ok' && done.kind !== 'read-list' && done.kind !== 'read-total') this.#acknowledgedWrites += 1;
      return answer;
    } catch (error) {
      const answeredMono = monoNow();
      this.operations.push({ ...begun, action: action(null), outcome: 'unknown', sentMono, answeredMono });
      throw error;
    }
  }
}

function outcomeOf({ refused, waitCancelled }: Answer): Outcome {
  if (refused !== null) return 'failed';
  return waitCancelled ? 'unknown' : 'ok';
}
