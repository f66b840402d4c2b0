/** One run of a PostgreSQL server: from the postmaster's start to the end of its last process. */
import type { CopyName } from '../../../src/core/postgres-view.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { CommitWaits } from '../../../src/ports/postgres.ts';
import { Checkpointer } from './checkpointer.ts';
import { Checkpoints } from './checkpoints.ts';
import { Ending } from './ending.ts';
import type { SimDirectory, WalRecord } from './directory.ts';
import type { Host, SimProcess } from '../hosts/host.ts';
import type { Connection } from '../hosts/network.ts';
import type { Random } from '../clock/random.ts';
import { Walreceiver, Walsender } from './replication.ts';
import { type LeftRecovery, Recovery } from './recovery.ts';
import { Replay } from './replay.ts';
import type { ServerWorld } from './server-world.ts';
import { type Backend, Sessions } from './sessions.ts';
import { type Released, SyncWaits, type WaitLevel } from './sync-waits.ts';
import { WalWriter } from './wal-writer.ts';

/** What a new connection finds. `unavailable`: the server starts, or stops. */
export type Admission = 'served' | 'too-many-clients' | 'unavailable';

/** What became of a commit that its client was told of; see `Released`. */
export type Acknowledged = (count: number, how: Released) => void;

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
  readonly world: ServerWorld;
  readonly host: Host;
  /** Accepts connections and hears signals; all that it has started is `process`. */
  readonly postmaster: SimProcess;
  readonly process: SimProcess;
  readonly recovery: Recovery;
  readonly checkpoints: Checkpoints;
  readonly dir: SimDirectory;
  readonly #wal: WalWriter;
  readonly #checkpointer: Checkpointer;
  readonly #random: Random;
  readonly #ending: Ending;
  readonly #walWriterPid: number;
  /** What new transactions of clients are, as the server has loaded it. */
  #readOnly = false;
  /** Sessions whose clients have gone, and that wait still. */
  readonly #hungUp = new WeakSet<Backend>();
  /** Until the checkpointer has looked at what Baton wrote again. */
  #overridden: boolean;

  constructor(world: ServerWorld, host: Host, dir: SimDirectory, random: Random, onExit: Exited) {
    this.world = world;
    this.host = host;
    this.dir = dir;
    this.#random = random;
    this.postmaster = host.spawn('postmaster');
    this.process = host.spawn('postgres');
    this.backends = new Sessions(host, dir.disk.circumstances);
    this.pid = world.nextPid();
    this.#walWriterPid = world.nextPid();
    this.runId = `run-${this.pid}`;
    this.startedAs = dir.standbySignal ? 'standby' : 'primary';
    this.#overridden = dir.override !== null;
    dir.promoteFile = false;
    dir.loseMemory();
    this.#wal = new WalWriter(dir, this.clock, random, world.nextUid, {
      flushed: (records) => this.#flushed(records),
      failed: (problem) => this.#walFailed(problem),
    });
    this.#checkpointer = new Checkpointer(this.clock, random, dir.disk.storage, {
      look: () => {
        if (this.phase === 'orphaned' || world.checkpointerStuck()) return;
        this.waits.checkpointerLooks();
        // A reload of before the reset may still have been on its way.
        if (dir.override === null && this.waits.loaded === dir.waits) this.#overridden = false;
      },
      panic: (problem) => this.#panic(problem),
    });
    this.#ending = new Ending(this, random, onExit);
    this.recovery = new Recovery(this, random);
    this.checkpoints = new Checkpoints(this, this.#checkpointer, random);
    this.replay = new Replay(dir, this.clock, random, {
      may: () => this.phase === 'standby' || this.phase === 'starting',
      done: () => {
        this.recovery.serveWhenConsistent();
        this.receiver?.report();
      },
    });
    this.recovery.start();
  }

  get clock(): Clock {
    return this.process.clock;
  }

  /** Out of recovery. Waiting is off until the checkpointer has looked for the first time. */
  open(how: LeftRecovery): void {
    this.phase = 'primary';
    this.dir.state = 'in production';
    this.#load();
    this.world.leftRecovery(this, how);
    this.#checkpointer.looksAfter(this.#random.between(1, 60));
  }

  /** ALTER SYSTEM of what commits wait for, or its RESET, and a reload. */
  alterSystem(waits: CommitWaits | null): void {
    this.dir.override = waits;
    this.#overridden = true;
    this.reload();
  }

  /** Why a commit that is acknowledged here is not what Baton promises; null when it is. */
  get unprotected(): 'overridden' | null {
    return this.#overridden ? 'overridden' : null;
  }

  flushedBy(count: number): readonly CopyName[] {
    return [...this.senders].flatMap(({ name, flushed }) => (flushed >= count ? [name] : []));
  }

  /** SIGHUP: sessions and walsenders load soon, the checkpointer when it looks. */
  reload(): void {
    this.clock.timer(this.#random.between(1, 5), () => {
      this.#load();
      for (const sender of this.senders) sender.reloads();
      if (this.phase === 'standby' || this.phase === 'starting') this.followUpstream();
    });
    this.#checkpointer.reloaded();
  }

  #load(): void {
    this.waits.load(this.dir.override ?? this.dir.waits);
    this.#readOnly = this.dir.readOnly;
  }

  followUpstream(): void {
    if (this.recovery.promoting) return;
    const upstream = this.dir.upstream?.member ?? null;
    if ((this.receiver?.upstream ?? null) === upstream) return;
    this.receiver?.end();
    this.receiver = upstream === null ? null : new Walreceiver(this, upstream);
  }

  insert(kind: WalRecord['kind'], id: string | null): WalRecord {
    const record = this.#wal.insert(kind, id);
    this.replay.count = this.dir.records.length;
    return record;
  }

  /** A new connection: held for as long as the postmaster, or what it starts, is stopped. */
  accept(superuser: boolean, answer: (admission: Admission) => void): void {
    const { admissionTakesMs } = this.dir.disk.circumstances;
    if (admissionTakesMs === 0) this.#admit(superuser, answer);
    else this.clock.timer(admissionTakesMs, () => this.#admit(superuser, answer));
  }

  #admit(superuser: boolean, answer: (admission: Admission) => void): void {
    this.postmaster.run(() =>
      this.process.run(() => {
        const served = this.phase === 'primary' || this.phase === 'standby';
        const serves = served && !this.dir.disk.storage.servesNobodyNew;
        answer(!serves ? 'unavailable' : this.backends.hasRoom(superuser) ? 'served' : 'too-many-clients');
      }),
    );
  }

  /**
   * COMMIT on one session. `acknowledged` is called when its backend would say so; never when the backend dies first.
   * False when there is nothing to commit on: a standby, or a server that is going; or when it fails: what a client
   * writes needs room in its table.
   */
  commit(
    backend: Backend | null,
    kind: 'commit' | 'probe',
    id: string | null,
    level: WaitLevel,
    acknowledged: Acknowledged,
  ): boolean {
    if (this.phase !== 'primary' && !(this.phase === 'orphaned' && backend !== null)) return false;
    if (id !== null && (this.#readOnly || this.dir.disk.storage.isFull('tables'))) return false;
    if (backend === null) this.#commit(null, kind, id, level, acknowledged);
    else this.backends.run(backend, () => this.#commit(backend, kind, id, level, acknowledged));
    return true;
  }

  #commit(
    backend: Backend | null,
    kind: 'commit' | 'probe',
    id: string | null,
    level: WaitLevel,
    acknowledged: Acknowledged,
  ): void {
    const record = this.insert(kind, id);
    const count = record.position + 1;
    const answer = (how: Released) => {
      if (kind === 'commit' && how === 'reached') this.world.acknowledged(this, record);
      if (kind === 'commit' && how === 'cancelled') this.world.cancelled(record);
      acknowledged(count, how);
    };
    this.#wal.whenFlushed(count, () => {
      // A backend that begins to wait notices that its postmaster is dead, and ends without a word.
      if (this.phase === 'orphaned' && this.waits.flag) return backend === null ? undefined : this.endBackend(backend);
      this.waits.wait(count, level, backend, (how) => {
        if (backend === null) answer(how);
        else if (!this.#hungUp.has(backend)) this.backends.run(backend, () => answer(how));
        else if (!this.waits.holds(backend)) this.endBackend(backend);
      });
    });
  }

  #flushed(records: readonly WalRecord[]): void {
    for (const record of records) this.world.madeDurable(this, record);
    for (const sender of this.senders) sender.pump();
    if (this.phase !== 'standby' && this.phase !== 'starting') return;
    this.receiver?.report();
    this.replay.soon();
  }

  /** A standby that finds no room for the next segment asks again and again; everybody else panics. */
  #walFailed(problem: string): void {
    const standby = this.startedAs === 'standby' && (this.phase === 'standby' || this.phase === 'starting');
    if (standby && problem.startsWith('ENOSPC')) {
      this.dir.loseMemory();
      this.receiver?.fail();
    } else {
      this.#panic(problem);
    }
  }

  #panic(problem: string): void {
    if (this.phase === 'gone') return;
    this.world.note(`${this.host.name}: postgres panics: ${problem}`);
    this.exit(1, null);
  }

  /** Everything that was written until now is durable. */
  whenFlushed(action: () => void): void {
    this.#wal.whenFlushed(this.dir.records.length, action);
  }

  /** An immediate checkpoint; `done` is not called when the server ends first. */
  checkpoint(done: () => void): void {
    this.checkpoints.now(done);
  }

  addSender(connection: Connection, receiver: Walreceiver, name: string, slot: string, from: number): Walsender {
    for (const other of [...this.senders]) if (other.slot === slot) other.end();
    const sender = new Walsender(this, connection, receiver, name, slot, from);
    this.senders.add(sender);
    return sender;
  }

  standbyReported(wanted: readonly string[]): void {
    this.waits.reported(
      [...this.senders].map(({ name, flushed, applied }) => ({ name, flushed, applied })),
      wanted,
    );
  }

  receivedWal(records: readonly WalRecord[], histories: ReadonlyMap<number, string>): void {
    if (this.phase !== 'standby' && this.phase !== 'starting') return;
    this.dir.append(records, histories);
    if (records.length > 0) this.#wal.flushSoon();
  }

  endReceiver(): void {
    this.receiver?.end();
    this.receiver = null;
  }

  /** The processes that there are. */
  pids(): readonly number[] {
    const backends = [...this.backends].map(({ pid }) => pid);
    if (this.phase !== 'orphaned') return [this.pid, ...backends];
    return this.unkillable ? [...backends, this.#walWriterPid] : backends;
  }

  /** A process of it is in an fsync that does not return. */
  get unkillable(): boolean {
    return this.#wal.unkillable;
  }

  stopFast(): void {
    this.#ending.fast();
  }

  stopImmediately(): void {
    this.#ending.immediate();
  }

  killPostmaster(): void {
    this.#ending.killPostmaster();
  }

  exit(code: number | null, signal: string | null): void {
    this.#ending.exit(code, signal);
  }

  powerCut(): void {
    this.#ending.powerCut();
  }

  /** Its client has gone, which a backend that waits for a standby does not notice before the wait is over. */
  hangUp(backend: Backend): void {
    if (this.waits.holds(backend)) this.#hungUp.add(backend);
    else this.endBackend(backend);
  }

  /** What a prober does first: sessions of its name that wait for a standby are its own, given up. */
  endLeftBehind(name: string): void {
    for (const backend of this.backends)
      if (backend.name === name && this.waits.holds(backend)) this.endBackend(backend);
  }

  endBackend(backend: Backend): void {
    this.#ending.backend(backend);
  }
}
