/** Both ends of a replication connection, with PostgreSQL's own checks: positions and timelines, never contents. */
import { slotName } from '../../../src/core/copy-name.ts';
import { memberName, type Ms } from '../../../src/core/units.ts';
import type { SimDirectory, WalRecord } from './directory.ts';
import type { FakeServer } from './fake-server.ts';
import type { Connection } from '../hosts/network.ts';
import { Random } from '../clock/random.ts';

const senderTimeoutMs: Ms = 2_000;
const statusEveryMs: Ms = 1_000;
const connectTimeoutMs: Ms = 2_000;
const retryEveryMs: Ms = 100;

/** Why a standby with this log cannot stream from that primary; null when it can. */
export function refusal(primary: SimDirectory, standby: SimDirectory): string | null {
  const has = standby.records.length;
  if (standby.systemIdentifier !== primary.systemIdentifier) return 'system identifier differs';
  if (has < primary.walFrom) return 'requested WAL segment has already been removed';
  const strange = standby.followsBranch();
  if (strange !== null && !primary.histories.has(strange)) return `timeline ${strange} is not in this server's history`;
  if (standby.timeline === primary.timeline) {
    return has <= primary.flushed ? null : 'requested starting point is ahead of the WAL flush position';
  }
  for (const fork of primary.ancestry().values()) {
    if (fork.parent === standby.timeline)
      return has <= fork.count ? null : 'new timeline forked off before current recovery point';
  }
  return `requested timeline ${standby.timeline} is not in this server's history`;
}

export class Walsender {
  sent: number;
  flushed = 0;
  applied = 0;
  /** Once it has caught up. */
  streaming = false;
  #heardAt: number;
  /** What is waited for as this process has loaded it. */
  #wanted: readonly string[];
  /** Its own, so that its haste changes nobody else's choices. */
  readonly #random: Random;
  readonly #server: FakeServer;
  readonly connection: Connection;
  readonly name: string;
  readonly slot: string;
  readonly receiver: Walreceiver;

  constructor(
    server: FakeServer,
    connection: Connection,
    receiver: Walreceiver,
    name: string,
    slot: string,
    from: number,
  ) {
    this.#server = server;
    this.connection = connection;
    this.receiver = receiver;
    this.name = name;
    this.slot = slot;
    this.sent = from;
    this.#heardAt = server.clock.mono();
    this.#random = new Random(server.world.nextPid());
    this.#wanted = server.waits.wanted;
    connection.onClose(server.host, () => server.process.run(() => this.end()));
    this.#tick();
  }

  /** Its place among those that are waited for, as it shows it: by the configuration that it has loaded; 0 for none. */
  get priority(): number {
    return this.#wanted.indexOf(this.name.toLowerCase()) + 1;
  }

  /** After a reload; one in ten is busy with something long before it looks. */
  reloads(): void {
    const late = this.#random.chance(0.1) || this.#server.dir.disk.circumstances.walsendersLoadLate;
    this.#server.clock.timer(late ? this.#random.between(50, 1_500) : this.#random.between(0, 3), () => {
      this.#wanted = this.#server.waits.wanted;
    });
  }

  /** Sends what is durable here and was not sent yet. */
  pump(): void {
    const { dir } = this.#server;
    if (this.sent < dir.flushed) this.#send(dir.records.slice(this.sent, dir.flushed));
    this.sent = Math.max(this.sent, dir.flushed);
  }

  heard(flushed: number, applied: number): void {
    this.#heardAt = this.#server.clock.mono();
    this.flushed = Math.max(this.flushed, flushed);
    this.#server.dir.slots.confirm(this.slot, this.flushed);
    this.applied = Math.max(this.applied, applied);
    if (this.flushed >= this.#server.dir.flushed - 1) this.streaming = true;
    this.#server.standbyReported(this.#wanted);
  }

  end(): void {
    this.connection.close(this.#server.host);
    this.#server.senders.delete(this);
  }

  #send(records: readonly WalRecord[]): void {
    const { dir } = this.#server;
    const histories = new Map(dir.histories);
    const receiver = this.receiver;
    this.connection.send(this.#server.host, () =>
      receiver.server.process.run(() => receiver.received(records, histories)),
    );
  }

  #tick(): void {
    this.#server.clock.timer(statusEveryMs / 2, () => {
      if (!this.#server.senders.has(this)) return;
      if (this.#server.clock.mono() - this.#heardAt > senderTimeoutMs) return this.end();
      this.#send([]);
      this.#tick();
    });
  }
}

/** Connects again for ever, until it is ended. */
export class Walreceiver {
  connected = false;
  #ended = false;
  #connection: Connection | null = null;
  #heardAt = 0;
  readonly server: FakeServer;
  readonly upstream: string;

  constructor(server: FakeServer, upstream: string) {
    this.server = server;
    this.upstream = upstream;
    this.#connect();
  }

  received(records: readonly WalRecord[], histories: ReadonlyMap<number, string>): void {
    if (this.#ended) return;
    this.#heardAt = this.server.clock.mono();
    this.server.receivedWal(records, histories);
  }

  /** Tells the primary what is durable and applied here. */
  report(): void {
    const connection = this.#connection;
    if (connection === null || !this.connected) return;
    const { dir, replay } = this.server;
    const replayed = replay.count;
    const flushed = dir.flushed;
    connection.send(this.server.host, () => this.#sender?.(flushed, replayed));
  }

  /** It could not write what it received: it ends, and another one begins in a moment. */
  fail(): void {
    const connection = this.#connection;
    if (connection === null) return;
    connection.close(this.server.host);
    this.#lost(connection);
  }

  end(how: 'told' | 'silently' = 'told'): void {
    this.#ended = true;
    if (how === 'silently') this.#connection?.forget(this.server.host);
    this.#drop();
  }

  /** The postmaster's death, a lost connection: whatever was connected is not any more. */
  #drop(): void {
    this.#connection?.close(this.server.host);
    this.#connection = null;
    this.connected = false;
  }

  #sender: ((flushed: number, applied: number) => void) | null = null;

  #connect(): void {
    const { server } = this;
    const near = server.host;
    let answered = false;
    const again = (waitMs: Ms) => {
      if (this.#ended || answered) return;
      answered = true;
      server.clock.timer(waitMs, () => {
        if (!this.#ended) this.#connect();
      });
    };
    server.clock.timer(connectTimeoutMs, () => again(0));
    const far = server.world.host(this.upstream);
    server.world.network.packet(near, far, () => {
      const refuse = () => server.world.network.packet(far, near, () => server.process.run(() => again(retryEveryMs)));
      const primary = server.world.listening(this.upstream);
      if (primary === null) return refuse();
      primary.accept(true, () => {
        const slot = slotName(memberName(near.name));
        if (primary.phase !== 'primary' || !primary.dir.slots.has(slot) || refusal(primary.dir, server.dir) !== null)
          return refuse();
        const connection = server.world.network.connect(near, far);
        const sender = primary.addSender(
          connection,
          this,
          server.dir.copyName() ?? 'walreceiver',
          slot,
          server.dir.records.length,
        );
        connection.onClose(near, () => server.process.run(() => this.#lost(connection)));
        connection.send(far, () =>
          server.process.run(() => {
            if (this.#ended || answered) return connection.close(near);
            answered = true;
            this.#begin(connection, (flushed, applied) => primary.process.run(() => sender.heard(flushed, applied)));
          }),
        );
        sender.pump();
      });
    });
  }

  #begin(connection: Connection, sender: (flushed: number, applied: number) => void): void {
    this.#connection = connection;
    this.#sender = sender;
    this.connected = true;
    this.#heardAt = this.server.clock.mono();
    this.report();
    this.#tick(connection);
  }

  #lost(connection: Connection): void {
    if (this.#connection !== connection) return;
    this.#drop();
    if (!this.#ended) this.server.clock.timer(retryEveryMs, () => this.#ended || this.#connect());
  }

  #tick(connection: Connection): void {
    this.server.clock.timer(statusEveryMs, () => {
      if (this.#connection !== connection) return;
      if (this.server.clock.mono() - this.#heardAt > senderTimeoutMs) {
        connection.close(this.server.host);
        return this.#lost(connection);
      }
      this.report();
      this.#tick(connection);
    });
  }
}
