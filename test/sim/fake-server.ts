/** One run of a PostgreSQL server: from the postmaster's start to the end of its last process. */
import type { Clock } from '../../src/ports/clock.ts';
import { Checkpointer } from './checkpointer.ts';
import type { SimDirectory, WalRecord } from './directory.ts';
import type { Host, SimProcess } from './host.ts';
import type { Connection } from './network.ts';
import type { Random } from './random.ts';
import { Walreceiver, Walsender } from './replication.ts';
import { Replay } from './replay.ts';
import type { ServerWorld } from './server-world.ts';
import { type Backend, Sessions } from './sessions.ts';
import { SyncWaits, type WaitLevel } from './sync-waits.ts';
import { WalWriter } from './wal-writer.ts';

/** `orphaned`: the postmaster is dead, backends are not. `stopping`: a fast shutdown is under way. */
export type Phase = 'starting' | 'standby' | 'primary' | 'stopping' | 'orphaned' | 'gone';

type Exited = (code: number | null, signal: string | null) => void;

export class FakeServer {
  phase: Phase = 'starting';
  readonly waits = new SyncWaits();
  readonly startedAs: 'primary' | 'standby';
  readonly pid: number;
  readonly runId: string;
  readonly replay: Replay;
  receiver: Walreceiver | null = null;
  readonly senders = new Set<Walsender>();
  readonly backends: Sessions;
  /** Called when the last process ends: the kernel closes local sessions at once. */
  readonly hearsOfEnd = new Set<() => void>();
  #promoting = false;
  #exited = false;
  readonly world: ServerWorld;
  readonly host: Host;
  readonly process: SimProcess;
  readonly dir: SimDirectory;
  readonly #wal: WalWriter;
  readonly #checkpointer: Checkpointer;
  readonly #random: Random;
  readonly #onExit: Exited;

  constructor(world: ServerWorld, host: Host, dir: SimDirectory, random: Random, onExit: Exited) {
    this.world = world;
    this.host = host;
    this.dir = dir;
    this.#random = random;
    this.#onExit = onExit;
    this.process = host.spawn('postgres');
    this.backends = new Sessions(host);
    this.pid = world.nextPid();
    this.runId = `run-${this.pid}`;
    this.startedAs = dir.standbySignal ? 'standby' : 'primary';
    dir.promoteFile = false;
    dir.loseMemory();
    this.#wal = new WalWriter(dir, this.clock, random, world.nextUid, (records) => this.#flushed(records));
    this.#checkpointer = new Checkpointer(this.clock, random, () => {
      if (this.phase !== 'orphaned' && !world.checkpointerStuck()) this.waits.checkpointerLooks();
    });
    this.replay = new Replay(dir, this.clock, random, {
      may: () => this.phase === 'standby' || this.phase === 'starting',
      done: () => {
        this.#serveWhenConsistent();
        this.receiver?.report();
      },
    });
    this.#start();
  }

  get clock(): Clock {
    return this.process.clock;
  }

  #start(): void {
    const clean = this.dir.state === 'shut down';
    const startMs =
      this.startedAs === 'standby' || clean ? this.#random.between(20, 150) : this.#random.between(80, 600);
    if (this.startedAs === 'standby') this.dir.state = 'in archive recovery';
    this.clock.timer(startMs, () => {
      if (this.phase !== 'starting') return;
      this.replay.count = this.dir.records.length;
      if (this.startedAs === 'standby') {
        this.#followUpstream();
        this.#serveWhenConsistent();
        return;
      }
      if (!clean) this.#insert('checkpoint', null);
      this.#open('started');
    });
  }

  #serveWhenConsistent(): void {
    if (this.phase === 'starting' && this.replay.count >= this.dir.consistentAt) this.phase = 'standby';
  }

  /** Out of recovery. Waiting is off until the checkpointer has looked for the first time. */
  #open(how: 'promoted' | 'started'): void {
    this.phase = 'primary';
    this.dir.state = 'in production';
    this.waits.load(this.dir.waits);
    this.world.leftRecovery(this, how);
    this.#checkpointer.looksAfter(this.#random.between(1, 60));
  }

  /** SIGHUP: sessions and walsenders load soon, the checkpointer when it looks. */
  reload(): void {
    this.clock.timer(this.#random.between(1, 5), () => {
      this.waits.load(this.dir.waits);
      if (this.phase === 'standby' || this.phase === 'starting') this.#followUpstream();
    });
    this.#checkpointer.reloaded();
  }

  #followUpstream(): void {
    if (this.#promoting) return;
    const upstream = this.dir.upstream?.member ?? null;
    if ((this.receiver?.upstream ?? null) === upstream) return;
    this.receiver?.end();
    this.receiver = upstream === null ? null : new Walreceiver(this, upstream);
  }

  #insert(kind: WalRecord['kind'], id: string | null): WalRecord {
    const record = this.#wal.insert(kind, id);
    this.replay.count = this.dir.records.length;
    return record;
  }

  /**
   * COMMIT on one session. `acknowledged` is called when its backend would say so; never when the backend dies first.
   * False when there is nothing to commit on: a standby, or a server that is going.
   */
  commit(
    backend: Backend | null,
    kind: 'commit' | 'probe',
    id: string | null,
    level: WaitLevel,
    acknowledged: (count: number) => void,
  ): boolean {
    if (this.phase !== 'primary' && !(this.phase === 'orphaned' && backend !== null)) return false;
    const record = this.#insert(kind, id);
    const count = record.position + 1;
    this.#wal.whenFlushed(count, () => {
      // A backend that begins to wait notices that its postmaster is dead, and ends without a word.
      if (this.phase === 'orphaned' && this.waits.flag) return backend === null ? undefined : this.endBackend(backend);
      this.waits.wait(count, level, () => {
        if (backend !== null && !this.backends.has(backend)) return;
        if (kind === 'commit') this.world.acknowledged(this, record);
        acknowledged(count);
      });
    });
    return true;
  }

  #flushed(records: readonly WalRecord[]): void {
    for (const record of records) this.world.madeDurable(this, record);
    for (const sender of this.senders) sender.pump();
    if (this.phase !== 'standby' && this.phase !== 'starting') return;
    this.receiver?.report();
    this.replay.soon();
  }

  /** An immediate checkpoint; `done` is not called when the server ends first. */
  checkpoint(done: () => void): void {
    this.#checkpointer.checkpoint(() => {
      if (this.phase !== 'primary') return;
      this.#recordCheckpoint(done);
    });
  }

  #recordCheckpoint(done: (count: number) => void): void {
    const record = this.#insert('checkpoint', null);
    this.#wal.whenFlushed(record.position + 1, () => {
      this.dir.checkpoint = { position: record.position, timeline: this.dir.timeline };
      done(record.position + 1);
    });
  }

  addSender(connection: Connection, receiver: Walreceiver, name: string, slot: string, from: number): Walsender {
    for (const other of [...this.senders]) if (other.slot === slot) other.end();
    const sender = new Walsender(this, connection, receiver, name, slot, from);
    this.senders.add(sender);
    return sender;
  }

  standbyReported(): void {
    this.waits.reported([...this.senders].map(({ name, flushed, applied }) => ({ name, flushed, applied })));
  }

  receivedWal(records: readonly WalRecord[], histories: ReadonlyMap<number, string>): void {
    if (this.phase !== 'standby' && this.phase !== 'starting') return;
    this.dir.append(records, histories);
    if (records.length > 0) this.#wal.flushSoon();
  }

  /** SIGUSR1: looks for the file that asks for a promotion. */
  signalled(): void {
    if (this.phase !== 'standby' || !this.dir.promoteFile || this.#promoting) return;
    this.#promoting = true;
    this.#endReceiver();
    this.clock.timer(this.#random.between(5, 40) + (this.replay.paused ? 1_000 : 0), () => {
      this.#wal.whenFlushed(this.dir.records.length, () => {
        if (this.phase === 'standby') this.#forkTimeline();
      });
    });
  }

  #forkTimeline(): void {
    this.dir.fork();
    this.replay.paused = false;
    this.#insert('end-of-recovery', null);
    this.#open('promoted');
  }

  /** Fast shutdown. One in thirty hangs until somebody kills it (a session in an uninterruptible wait). */
  stopFast(): void {
    if (this.phase === 'stopping' || this.phase === 'orphaned' || this.phase === 'gone') return;
    const was = this.phase;
    this.phase = 'stopping';
    this.#endReceiver();
    this.waits.drop();
    this.backends.endEach(() => true);
    if (this.#random.chance(1 / 30)) {
      this.world.note(`${this.host.name}: fast shutdown hangs`);
      return;
    }
    this.clock.timer(this.#random.between(10, 130), () => {
      if (was === 'primary') {
        this.#recordCheckpoint((count) => {
          this.dir.state = 'shut down';
          this.#exitWhenSent(count);
        });
        return;
      }
      if (was === 'standby') this.dir.minRecoveryEnd = this.replay.count;
      if (this.startedAs === 'standby') this.dir.state = 'shut down in recovery';
      this.exit(0, null);
    });
  }

  #exitWhenSent(count: number): void {
    if ([...this.senders].every((sender) => sender.flushed >= count)) this.exit(0, null);
    else this.clock.timer(2, () => this.#exitWhenSent(count));
  }

  /** SIGKILL of the postmaster alone. Busy backends outlive it, for five seconds at most. */
  killPostmaster(): void {
    if (this.phase === 'gone' || this.phase === 'orphaned') return;
    this.phase = 'orphaned';
    this.waits.drop();
    this.#endReceiver();
    for (const sender of [...this.senders]) sender.end();
    this.backends.endEach((backend) => !backend.pipelining);
    this.#reportExit(null, 'SIGKILL');
    if (this.backends.size === 0) this.exit(null, 'SIGKILL');
    else this.clock.timer(5_000, () => this.exit(null, 'SIGKILL'));
  }

  #endReceiver(): void {
    this.receiver?.end();
    this.receiver = null;
  }

  /** The last process ends (all killed, or a clean end); what was not durable is gone. */
  exit(code: number | null, signal: string | null): void {
    if (this.phase === 'gone') return;
    this.receiver?.end();
    this.#close((connection) => connection.close(this.host));
    this.#reportExit(code, signal);
  }

  /** Like SIGKILL of everything, and nobody hears of it. */
  powerCut(): void {
    this.receiver?.end('silently');
    this.#close((connection) => connection.forget(this.host));
  }

  #close(part: (connection: Connection) => void): void {
    this.phase = 'gone';
    for (const { connection } of [...this.senders, ...this.backends]) if (connection !== null) part(connection);
    this.senders.clear();
    this.backends.clear();
    this.waits.drop();
    this.process.kill();
    this.dir.loseMemory();
    for (const hear of [...this.hearsOfEnd]) hear();
  }

  endBackend(backend: Backend): void {
    this.backends.end(backend);
    if (this.phase === 'orphaned' && this.backends.size === 0) this.exit(null, 'SIGKILL');
  }

  #reportExit(code: number | null, signal: string | null): void {
    if (this.#exited) return;
    this.#exited = true;
    this.#onExit(code, signal);
  }
}
