/** How a batond of the simulation talks to the server beside it: bounded questions, answered by the server's process. */
import type { Ms } from '../../../src/core/units.ts';
import { err, ok, type Result } from '../../../src/core/result.ts';
import type { OperationError } from '../../../src/ports/postgres.ts';
import type { Disk } from '../hosts/disk.ts';
import type { Admission, FakeServer } from './fake-server.ts';
import type { SimProcess } from '../hosts/host.ts';
import type { Random } from '../clock/random.ts';
import type { ServerWorld } from './server-world.ts';
import type { Backend } from './sessions.ts';

export type Answer<T> =
  | { readonly kind: 'answer'; readonly value: T }
  | { readonly kind: 'refused' }
  /** PostgreSQL itself sent an error in place of an answer. */
  | { readonly kind: 'failed'; readonly problem: string }
  | { readonly kind: 'timed-out' };

/** Sessions that batond keeps open. */
type Kept = 'monitor' | 'control';

export class LocalPostgres {
  readonly #kept = new Map<Kept, { readonly server: FakeServer; readonly backend: Backend }>();
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

  get answersTakeMs(): Ms {
    return this.server()?.dir.disk.circumstances.answersTakeMs ?? 0;
  }

  listening(): FakeServer | null {
    const server = this.server();
    return server === null || server.phase === 'gone' || server.phase === 'orphaned' ? null : server;
  }

  /** One round trip over a kept session, which is opened anew when it is not there. */
  ask<T>(limitMs: Ms, question: (server: FakeServer) => T, session: Kept = 'control'): Promise<Answer<T>> {
    return new Promise((resolve) => {
      let asked: FakeServer | null = null;
      const settle = (answer: Answer<T>) => {
        cancel();
        asked?.hearsOfEnd.delete(broken);
        resolve(answer);
      };
      const broken = () => this.batond.run(() => settle({ kind: 'refused' }));
      const cancel = this.batond.clock.timer(limitMs, () => {
        this.#destroy(session);
        settle({ kind: 'timed-out' });
      });
      this.batond.clock.timer(this.random.between(0.2, 1.2) + this.answersTakeMs, () => {
        const server = this.listening();
        if (server === null) return settle({ kind: 'refused' });
        asked = server;
        server.hearsOfEnd.add(broken);
        const put = (backend: Backend) =>
          server.backends.run(backend, () => {
            const value = question(server);
            this.batond.run(() => settle({ kind: 'answer', value }));
          });
        const kept = this.#kept.get(session);
        if (kept?.server === server && server.backends.has(kept.backend))
          return server.process.run(() => put(kept.backend));
        this.open(server, session, (opened) => {
          if (typeof opened === 'string') return this.batond.run(() => settle({ kind: 'failed', problem: opened }));
          this.#kept.set(session, { server, backend: opened });
          put(opened);
        });
      });
    });
  }

  /** What a fresh connection over the local socket finds. */
  knock(limitMs: Ms): Promise<Admission | 'refused' | 'timed-out'> {
    return new Promise((resolve) => {
      const settle = (found: Admission | 'refused' | 'timed-out') => {
        cancel();
        resolve(found);
      };
      const cancel = this.batond.clock.timer(limitMs, () => settle('timed-out'));
      this.batond.clock.timer(this.random.between(0.2, 1.2), () => {
        const server = this.listening();
        if (server === null) settle('refused');
        else server.accept(true, (admission) => this.batond.run(() => settle(admission)));
      });
    });
  }

  /** A session of the superuser's over the local socket; text says why there is none. */
  open(server: FakeServer, name: string, opened: (backend: Backend | string) => void): void {
    server.accept(true, (admission) => {
      if (admission !== 'served') return opened(refusalOf(admission, server));
      // It died while it was let in: its end of the socket is closed, and the server's process ends.
      if (!this.batond.alive) return;
      const backend = { pid: this.world.nextPid(), name, connection: null, pipelining: false };
      server.backends.add(backend);
      opened(backend);
    });
  }

  #destroy(session: Kept): void {
    const kept = this.#kept.get(session);
    this.#kept.delete(session);
    kept?.server.hangUp(kept.backend);
  }

  /** Before a stop: a session would be in its way. */
  letGo(): void {
    this.#destroy('monitor');
    this.#destroy('control');
  }

  /** Something that batond has written becomes durable; the error when it does not. It waits for as long as the device does. */
  written({ storage }: Disk): Promise<string | null> {
    return new Promise((resolve) => storage.sync(this.batond.clock, 'files', resolve));
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

export const refusalOf = (admission: Exclude<Admission, 'served'>, server: FakeServer): string =>
  admission === 'unavailable'
    ? `PostgreSQL: the database system is ${server.phase}`
    : 'PostgreSQL: sorry, too many clients already';

/** What an operation says when its question was not answered. */
export const unanswered = (answer: Exclude<Answer<unknown>, { kind: 'answer' }>): string =>
  answer.kind === 'failed' ? answer.problem : `postgres ${answer.kind}`;

export const fail = (problem: string, retryable = true): Result<never, OperationError> => err({ problem, retryable });
