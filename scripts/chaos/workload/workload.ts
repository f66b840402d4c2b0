/**
 * Clients of every member that write, read and remember what they were told, through any fault; and the verdict of the
 * checker on what they leave behind.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../../test/sim/clock/random.ts';
import type { ClientEndpoint } from '../../rig/rig.ts';
import { BoundClient } from './bound-client.ts';
import { check } from './check.ts';
import { readEverywhere } from './final-state.ts';
import { OpenLists } from './open-lists.ts';
import { Recorder } from './recorder.ts';
import { accountsCount, createTables, openingBalance } from './tables.ts';
import type { Verdict } from './verdict.ts';
import { openWireSession } from './wire-session.ts';

export interface WorkloadOptions {
  /** All members, whoever leads. */
  readonly targets: readonly ClientEndpoint[];
  /** Every second one pipelines. */
  readonly clientsPerTarget?: number;
  /** Of what the clients do; how their operations interleave is up to the machine. */
  readonly seed: number;
  /** A client rests for so long after every answer (one that pipelines: after every burst of eight). */
  readonly pauseMs?: number;
  readonly connectLimitMs?: number;
  /** A session in which an answer takes longer is dropped. */
  readonly silenceMs?: number;
  /** Until somebody takes writes. */
  readonly startLimitMs?: number;
}

const pipelineDepth = 8;
const stopLimitMs = 2_000;
const retryMs = 20;

/** Has made its tables when it resolves; rejects when nobody takes writes in time. */
export async function startWorkload(options: WorkloadOptions): Promise<Workload> {
  const run = randomInt(1, 2 ** 31 - 1);
  await makeTables(options.targets, run, options.startLimitMs ?? 20_000);
  return new Workload(run, options);
}

export class Workload implements AsyncDisposable {
  /** Distinguishes its rows from those of others in the same tables. */
  readonly run: number;
  readonly #targets: readonly ClientEndpoint[];
  readonly #recorder = new Recorder();
  readonly #stopping = new AbortController();
  readonly #clients: readonly BoundClient[];
  readonly #running: Promise<unknown>;

  constructor(run: number, options: WorkloadOptions) {
    const { targets, clientsPerTarget = 4, seed, pauseMs = 20, connectLimitMs = 500, silenceMs = 3_000 } = options;
    const random = new Random(seed);
    const lists = new OpenLists();
    this.run = run;
    this.#targets = targets;
    this.#clients = targets
      .flatMap((target) => Array.from({ length: clientsPerTarget }, (_, place) => ({ target, place })))
      .map(
        ({ target, place }, client) =>
          new BoundClient({
            ...{ client, target, run, pauseMs, connectLimitMs, silenceMs, lists },
            depth: place % 2 === 0 ? 1 : pipelineDepth,
            random: random.fork(),
            recorder: this.#recorder,
            signal: this.#stopping.signal,
          }),
      );
    this.#running = Promise.all(this.#clients.map((client) => client.run()));
    this.#running.catch(() => undefined); // Seen by whoever ends the clients.
  }

  get acknowledgedCount(): number {
    return this.#recorder.acknowledgedWrites;
  }

  /** Ends when `count` more writes were acknowledged from now on; throws past `limitMs`. */
  async untilMore(count: number, limitMs: number): Promise<void> {
    const wanted = this.acknowledgedCount + count;
    const deadline = performance.now() + limitMs;
    while (this.acknowledgedCount < wanted) {
      if (performance.now() > deadline)
        throw new Error(`${wanted - this.acknowledgedCount} of ${count} writes not acknowledged within ${limitMs} ms`);
      await sleep(retryMs);
    }
  }

  /**
   * Ends the clients and compares what they were told with what the leader holds, and that with what the standbys hold
   * that reach it within `limitMs`. Throws when nobody leads until then.
   */
  async stop(limitMs = 60_000): Promise<Verdict> {
    await this.#endClients();
    const { final, replicas } = await readEverywhere(this.#targets, this.run, limitMs);
    return check({ accounts: accountsCount, openingBalance, operations: this.#recorder.operations, final, replicas });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#endClients();
  }

  /** What is under way gets two seconds, then its outcome stays unknown. */
  async #endClients(): Promise<void> {
    this.#stopping.abort();
    const late = setTimeout(() => this.#clients.forEach((client) => void client.drop()), stopLimitMs);
    await this.#running.finally(() => clearTimeout(late));
  }
}

async function makeTables(targets: readonly ClientEndpoint[], run: number, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  let problem = 'none answers';
  while (performance.now() < deadline) {
    for (const target of targets) {
      const session = await openWireSession(target, 1_000);
      if (session === null) continue;
      const late = setTimeout(() => session.drop(), deadline - performance.now());
      try {
        const { refused } = await session.query(createTables(run));
        if (refused === null) return;
        problem = `${target.name}: ${refused}`;
      } catch (error) {
        problem = `${target.name}: ${String(error)}`;
      } finally {
        clearTimeout(late);
        session.drop();
      }
    }
    await sleep(retryMs);
  }
  throw new Error(`no member took writes within ${limitMs} ms: ${problem}`);
}
