/** How a batond of the simulation talks to the server beside it: bounded questions, answered by the server's process. */
import type { Ms } from '../../src/core/units.ts';
import { err, ok, type Result } from '../../src/core/result.ts';
import type { OperationError } from '../../src/ports/postgres.ts';
import type { FakeServer } from './fake-server.ts';
import type { SimProcess } from './host.ts';
import type { Random } from './random.ts';
import type { ServerWorld } from './server-world.ts';

export type Answer<T> =
  | { readonly kind: 'answer'; readonly value: T }
  | { readonly kind: 'refused' }
  | { readonly kind: 'timed-out' };

export class LocalPostgres {
  readonly batond: SimProcess;
  readonly random: Random;
  readonly world: ServerWorld;
  /** The newest server of this member; null before the first start. */
  readonly server: () => FakeServer | null;

  constructor(world: ServerWorld, batond: SimProcess, random: Random, server: () => FakeServer | null) {
    this.world = world;
    this.batond = batond;
    this.random = random;
    this.server = server;
  }

  listening(): FakeServer | null {
    const server = this.server();
    return server === null || server.phase === 'gone' || server.phase === 'orphaned' ? null : server;
  }

  /** One round trip over the local socket. */
  ask<T>(limitMs: Ms, question: (server: FakeServer) => T): Promise<Answer<T>> {
    return new Promise((resolve) => {
      let asked: FakeServer | null = null;
      const settle = (answer: Answer<T>) => {
        cancel();
        asked?.hearsOfEnd.delete(broken);
        resolve(answer);
      };
      const broken = () => this.batond.run(() => settle({ kind: 'refused' }));
      const cancel = this.batond.clock.timer(limitMs, () => settle({ kind: 'timed-out' }));
      this.batond.clock.timer(this.random.between(0.2, 1.2), () => {
        const server = this.listening();
        if (server === null) return settle({ kind: 'refused' });
        asked = server;
        server.hearsOfEnd.add(broken);
        server.process.run(() => {
          const value = question(server);
          this.batond.run(() => settle({ kind: 'answer', value }));
        });
      });
    });
  }

  /** Waits for a fact, looking again and again. The signal's reason is the problem when it aborts first. */
  async until(
    fact: () => boolean,
    everyMs: Ms,
    limitMs: Ms,
    signal: AbortSignal,
    what: string,
  ): Promise<Result<void, OperationError>> {
    const { clock } = this.batond;
    const end = clock.mono() + limitMs;
    while (!fact()) {
      if (clock.mono() >= end) return fail(`not within ${limitMs} ms: ${what}`);
      const went = await this.pause(everyMs, signal);
      if (!went.ok) return went;
    }
    return ok(undefined);
  }

  async pause(ms: Ms, signal: AbortSignal): Promise<Result<void, OperationError>> {
    try {
      await this.batond.clock.sleep(ms, signal);
      return ok(undefined);
    } catch {
      return fail('aborted');
    }
  }
}

export const fail = (problem: string, retryable = true): Result<never, OperationError> => err({ problem, retryable });
