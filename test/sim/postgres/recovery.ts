/** From the start of a server until it serves, and from the request for a promotion until it is out of recovery. */
import type { FakeServer } from './fake-server.ts';
import type { Random } from '../clock/random.ts';

export type LeftRecovery = 'started' | 'promoted' | 'promoted by hand';

export class Recovery {
  #promoting = false;
  #byHand = false;
  readonly #server: FakeServer;
  readonly #random: Random;

  constructor(server: FakeServer, random: Random) {
    this.#server = server;
    this.#random = random;
  }

  /** Out of recovery, or on its way, without anybody's claim. */
  get byHand(): boolean {
    return this.#byHand;
  }

  get promoting(): boolean {
    return this.#promoting;
  }

  start(): void {
    const { dir, clock, startedAs, world, host } = this.#server;
    const { storage, circumstances } = dir.disk;
    const clean = dir.state === 'shut down';
    const quick = startedAs === 'standby' || clean;
    const startMs = quick
      ? this.#random.between(20, 150)
      : this.#random.between(80, 600) + circumstances.recoveryTakesMs;
    clock.timer(startMs, () =>
      // The lock file, and a sync of the whole file system before anything is replayed.
      storage.sync(clock, 'files', (problem) => {
        if (this.#server.phase !== 'starting') return;
        if (problem !== null) {
          world.note(`${host.name}: postgres cannot start: ${problem}`);
          return this.#server.exit(1, null);
        }
        this.#recover(clean);
      }),
    );
  }

  #recover(clean: boolean): void {
    const server = this.#server;
    const { dir } = server;
    if (server.startedAs === 'standby') {
      const lost = dir.cannotFollow();
      if (lost !== null) {
        server.world.note(`${server.host.name}: FATAL: ${lost}`);
        server.exit(1, null);
        return;
      }
      dir.state = 'in archive recovery';
    }
    server.replay.count = dir.records.length;
    if (server.startedAs === 'standby') {
      server.followUpstream();
      this.serveWhenConsistent();
      return;
    }
    if (!clean) server.insert('checkpoint', null);
    server.whenFlushed(() => {
      if (server.phase === 'starting') server.open('started');
    });
  }

  serveWhenConsistent(): void {
    const server = this.#server;
    if (server.phase === 'starting' && server.replay.count >= server.dir.consistentAt) server.phase = 'standby';
  }

  /** SIGUSR1: looks for the file that asks for a promotion. */
  signalled(): void {
    const server = this.#server;
    const { dir, clock, replay } = server;
    if (server.phase !== 'standby' || !dir.promoteFile || this.#promoting) return;
    this.#promoting = true;
    server.endReceiver();
    const takesMs = this.#random.between(5, 40) + dir.disk.circumstances.promotionTakesMs;
    clock.timer(takesMs + (replay.paused ? 1_000 : 0), () =>
      server.whenFlushed(() => {
        if (server.phase === 'standby') this.#forkTimeline();
      }),
    );
  }

  /** `pg_ctl promote`, by somebody who does not ask Baton. */
  promoteByHand(): void {
    if (this.#server.phase !== 'standby' || this.#promoting) return;
    this.#byHand = true;
    this.#server.dir.promoteFile = true;
    this.signalled();
  }

  #forkTimeline(): void {
    const server = this.#server;
    const { dir, world, host } = server;
    dir.fork();
    if (dir.disk.circumstances.promotionDies) {
      // The new timeline has its history file and its first segment; the control file says "in archive recovery".
      world.note(`${host.name}: postgres dies in the middle of its promotion`);
      server.exit(1, null);
      return;
    }
    server.replay.paused = false;
    server.insert('end-of-recovery', null);
    server.open(this.#byHand ? 'promoted by hand' : 'promoted');
  }
}
