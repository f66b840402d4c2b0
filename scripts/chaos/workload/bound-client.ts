/**
 * A client that talks to one member only, as if its way to the others were cut: so whoever acknowledges behind the back
 * of the leader is found. It writes and reads while the member takes writes, and asks again and again while it does not.
 * It never cancels a statement (a cancelled wait for synchronous replication reports COMMIT): a session that falls
 * silent is dropped, what was under way has an unknown outcome, and is not repeated.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../../test/sim/clock/random.ts';
import type { ClientEndpoint } from '../../rig/rig.ts';
import { monoNow } from '../../rig/rig-member.ts';
import { identifyServer } from './identify-server.ts';
import type { OpenLists } from './open-lists.ts';
import { operate } from './operations.ts';
import type { Recorder } from './recorder.ts';
import { openWireSession, type WireSession } from './wire-session.ts';

export interface ClientPlan {
  /** Its number among all clients. */
  readonly client: number;
  readonly target: ClientEndpoint;
  readonly run: number;
  /** How many operations it sends before it waits for their answers; 1 is polite. */
  readonly depth: number;
  /** Between the answers and the next operations. */
  readonly pauseMs: number;
  readonly connectLimitMs: number;
  /** A session in which an answer takes longer is dropped. */
  readonly silenceMs: number;
  readonly random: Random;
  readonly recorder: Recorder;
  readonly lists: OpenLists;
  readonly signal: AbortSignal;
}

/** How soon a member that takes no writes, or does not answer at all, is asked again. */
const askAgainMs = 20;

export class BoundClient {
  readonly #plan: ClientPlan;
  #session: WireSession | null = null;

  constructor(plan: ClientPlan) {
    this.#plan = plan;
  }

  /** Ends once the signal has aborted and what was under way is answered or dropped. */
  async run(): Promise<void> {
    const { target, connectLimitMs, silenceMs, signal } = this.#plan;
    while (!signal.aborted) {
      const session = await openWireSession(target, connectLimitMs);
      this.#session = session;
      if (session === null) {
        await sleep(askAgainMs);
        continue;
      }
      const watch = setInterval(() => {
        const sinceMono = session.waitingSinceMono;
        if (sinceMono !== null && monoNow() - sinceMono > silenceMs) session.drop();
      }, silenceMs / 10);
      try {
        await this.#use(session);
      } catch (error) {
        if (!session.ended) throw error;
      } finally {
        clearInterval(watch);
        session.drop();
      }
    }
  }

  /** What was under way stays unknown. */
  drop(): void {
    this.#session?.drop();
  }

  async #use(session: WireSession): Promise<void> {
    const { target, recorder, signal, pauseMs } = this.#plan;
    while (!signal.aborted && !session.ended) {
      const found = await identifyServer(session, target.name);
      if (found === null) {
        await sleep(askAgainMs);
        continue;
      }
      const server = recorder.server(found);
      let served = true;
      while (served && !signal.aborted) {
        const { depth } = this.#plan;
        const doing = { ...this.#plan, session, server, pipelined: depth > 1 };
        const burst = await Promise.allSettled(Array.from({ length: depth }, () => operate(doing)));
        const failed = burst.find((each) => each.status === 'rejected');
        if (failed !== undefined) throw failed.reason;
        served = burst.every((each) => each.status === 'fulfilled' && each.value);
        await sleep(pauseMs);
      }
    }
  }
}
