/** batond's own commits on the server beside it, over a session that is kept for them. */
import type { MonoMs, Ms } from '../../../src/core/units.ts';
import type { WriteAnswer } from '../../../src/ports/postgres.ts';
import { endLsn } from './directory.ts';
import type { FakeServer } from './fake-server.ts';
import type { LocalPostgres } from './local-postgres.ts';
import type { Backend } from './sessions.ts';

const name = 'baton-probe';

interface Kept {
  readonly server: FakeServer;
  readonly backend: Backend;
  /** The log's length with its newest commit. */
  count: number;
}

export class ProbeSession {
  #kept: Kept | null = null;
  readonly #local: LocalPostgres;

  constructor(local: LocalPostgres) {
    this.#local = local;
  }

  /** Its commit waits for a standby right now. */
  waits(server: FakeServer): boolean {
    return this.#kept?.server === server && server.waits.waiting('flush', this.#kept.count);
  }

  end(): void {
    this.#kept?.server.hangUp(this.#kept.backend);
    this.#kept = null;
  }

  write(limitMs: Ms): Promise<WriteAnswer> {
    const { batond, random } = this.#local;
    const { clock } = batond;
    const sentMono = clock.mono();
    return new Promise((resolve) => {
      let asked: FakeServer | null = null;
      const settle = (answer: WriteAnswer) => {
        cancel();
        asked?.hearsOfEnd.delete(broken);
        if (!answer.ok) this.end();
        resolve(answer);
      };
      const failed = (outcome: Exclude<WriteAnswer, { ok: true }>['outcome'], problem: string) =>
        settle({ ok: false, sentMono, outcome, problem });
      const broken = () => batond.run(() => failed('unreachable', 'the connection was closed'));
      const cancel = clock.timer(limitMs, () => failed('timed-out', `not acknowledged within ${limitMs} ms`));
      clock.timer(random.between(0.2, 1) + this.#local.answersTakeMs, () => {
        const server = this.#local.listening();
        if (server === null) return failed('refused', 'connection refused');
        asked = server;
        server.hearsOfEnd.add(broken);
        this.#on(server, (kept) => {
          if (typeof kept === 'string') return batond.run(() => failed('unreachable', kept));
          this.#commit(kept, sentMono, (answer) => batond.run(() => settle(answer)));
        });
      });
    });
  }

  #commit(kept: Kept, sentMono: MonoMs, answer: (answer: WriteAnswer) => void): void {
    const { server } = kept;
    const failed = (outcome: 'unreachable' | 'read-only', problem: string) =>
      answer({ ok: false, sentMono, outcome, problem });
    kept.count = server.dir.records.length + 1;
    const went = server.commit(kept.backend, 'probe', null, 'flush', (count, how) => {
      if (how === 'cancelled') failed('unreachable', 'somebody cancelled its wait for synchronous replication');
      else {
        const flushedBy = server.flushedBy(count);
        answer({ ok: true, sentMono, ackedMono: this.#local.batond.clock.mono(), lsn: endLsn(count), flushedBy });
      }
    });
    if (!went) failed(server.phase === 'standby' ? 'read-only' : 'unreachable', `the server is ${server.phase}`);
  }

  #on(server: FakeServer, use: (kept: Kept | string) => void): void {
    const kept = this.#kept;
    if (kept?.server === server && server.backends.has(kept.backend)) {
      server.process.run(() => use(kept));
      return;
    }
    this.#local.open(server, name, (opened) => {
      if (typeof opened === 'string') return use(opened);
      server.endLeftBehind(name);
      this.#kept = { server, backend: opened, count: 0 };
      use(this.#kept);
    });
  }
}
