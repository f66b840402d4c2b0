/** How a server ends: asked, killed whole or in part, with its host. What is in an fsync ends when that returns. */
import type { FakeServer } from './fake-server.ts';
import type { Connection } from '../hosts/network.ts';
import type { Random } from '../clock/random.ts';
import type { Backend } from './sessions.ts';

type Exited = (code: number | null, signal: string | null) => void;

export class Ending {
  #reported = false;
  readonly #server: FakeServer;
  readonly #random: Random;
  readonly #onExit: Exited;

  constructor(server: FakeServer, random: Random, onExit: Exited) {
    this.#server = server;
    this.#random = random;
    this.#onExit = onExit;
  }

  /** SIGINT: fast shutdown. One in thirty hangs until somebody kills it (a session in an uninterruptible wait). */
  fast(): void {
    const server = this.#server;
    const { dir, clock, backends, waits } = server;
    if (server.phase === 'stopping' || server.phase === 'orphaned' || server.phase === 'gone') return;
    const was = server.phase;
    server.phase = 'stopping';
    server.endReceiver();
    waits.drop();
    backends.endEach(() => true);
    if (this.#random.chance(1 / 30)) {
      server.world.note(`${server.host.name}: fast shutdown hangs`);
      return;
    }
    clock.timer(this.#random.between(10, 130) + dir.disk.circumstances.stopTakesMs, () => {
      if (was === 'primary') return server.checkpoints.record((count) => this.#shutDown(count));
      if (was === 'standby') {
        dir.minRecoveryEnd = server.replay.count;
        server.checkpoints.restartpoint();
      }
      if (server.startedAs === 'standby') dir.state = 'shut down in recovery';
      this.exit(0, null);
    });
  }

  #shutDown(count: number): void {
    this.#server.dir.state = 'shut down';
    this.#exitWhenSent(count);
  }

  #exitWhenSent(count: number): void {
    if ([...this.#server.senders].every((sender) => sender.flushed >= count)) this.exit(0, null);
    else this.#server.clock.timer(2, () => this.#exitWhenSent(count));
  }

  /** SIGQUIT: an immediate shutdown, which waits for its children too. */
  immediate(): void {
    const { dir, clock } = this.#server;
    if (this.#server.unkillable) {
      this.#server.phase = 'stopping';
      dir.disk.storage.sync(clock, 'files', () => this.exit(2, null));
    } else {
      this.exit(2, null);
    }
  }

  /** SIGKILL of the postmaster alone. Busy backends outlive it, for five seconds at most. */
  killPostmaster(): void {
    const server = this.#server;
    const { senders, backends } = server;
    if (server.phase === 'gone' || server.phase === 'orphaned') return;
    server.phase = 'orphaned';
    server.waits.drop();
    server.endReceiver();
    for (const sender of [...senders]) sender.end();
    backends.endEach((backend) => !backend.pipelining);
    this.#report(null, 'SIGKILL');
    this.#whenAlone();
    server.clock.timer(5_000, () => {
      backends.endEach(() => true);
      this.#whenAlone();
    });
  }

  backend(backend: Backend): void {
    this.#server.backends.end(backend);
    this.#whenAlone();
  }

  #whenAlone(): void {
    const { phase, backends, unkillable, dir, clock } = this.#server;
    if (phase !== 'orphaned' || backends.size > 0) return;
    if (unkillable) dir.disk.storage.sync(clock, 'files', () => this.#whenAlone());
    else this.exit(null, 'SIGKILL');
  }

  /** The last process ends (all killed, or a clean end); what was not durable is gone. */
  exit(code: number | null, signal: string | null): void {
    if (this.#server.phase === 'gone') return;
    this.#server.receiver?.end();
    this.#close((connection) => connection.close(this.#server.host));
    this.#report(code, signal);
  }

  /** Like SIGKILL of everything, and nobody hears of it. */
  powerCut(): void {
    this.#server.receiver?.end('silently');
    this.#close((connection) => connection.forget(this.#server.host));
  }

  #close(part: (connection: Connection) => void): void {
    const server = this.#server;
    server.phase = 'gone';
    for (const { connection } of [...server.senders, ...server.backends]) if (connection !== null) part(connection);
    server.senders.clear();
    server.backends.clear();
    server.waits.drop();
    server.postmaster.kill();
    server.process.kill();
    server.dir.loseMemory();
    for (const hear of [...server.hearsOfEnd]) hear();
  }

  #report(code: number | null, signal: string | null): void {
    if (this.#reported) return;
    this.#reported = true;
    this.#onExit(code, signal);
  }
}
