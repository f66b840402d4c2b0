/** Two simulated servers without daemons or etcd: a primary with a slot for its standby, and the standby. */
import { copyId, memberName } from '../../../src/core/units.ts';
import type { Peers, Postgres } from '../../../src/ports/postgres.ts';
import type { WalRecord } from './directory.ts';
import { Disk } from '../hosts/disk.ts';
import { createFakePeers, type PeerWorld } from '../hosts/fake-peers.ts';
import { createFakePostgres } from './fake-postgres.ts';
import { FakeServer } from './fake-server.ts';
import { Host } from '../hosts/host.ts';
import { LocalPostgres } from './local-postgres.ts';
import { Network } from '../hosts/network.ts';
import { Random } from '../clock/random.ts';
import { VirtualClock } from '../clock/virtual-clock.ts';

const signal = new AbortController().signal;
export const upstream = (name: string) => ({ host: name, port: 5432, member: memberName(name) });
export const nobody = { names: [], nobody: false };

export class Pair implements PeerWorld {
  readonly clock = new VirtualClock();
  readonly random = new Random(3);
  readonly network = new Network(this.clock, this.random.fork());
  readonly acked: WalRecord[] = [];
  readonly left: string[] = [];
  stuck = false;
  #numbers = 0;
  readonly #hosts = new Map(['a', 'b'].map((name) => [name, new Host(name, this.clock)]));
  readonly #disks = new Map(['a', 'b'].map((name) => [name, new Disk()]));
  readonly #servers = new Map<string, FakeServer>();
  readonly exits: string[] = [];

  /** Made when it is not one of the two. */
  host = (name: string): Host => {
    const host = this.#hosts.get(name) ?? new Host(name, this.clock);
    this.#hosts.set(name, host);
    return host;
  };
  disk = (name: string) => this.#disks.get(name) as Disk;
  server = (name: string) => this.#servers.get(name) as FakeServer;
  nextUid = () => ++this.#numbers;
  nextPid = () => ++this.#numbers;
  checkpointerStuck = () => this.stuck;
  daemon = () => null;
  madeDurable(): void {}
  cancelled(): void {}
  read(): void {}
  fencedRemotely(): void {}
  note(): void {}
  leftRecovery(server: FakeServer, how: string): void {
    this.left.push(`${server.host.name} ${how} on ${server.dir.timeline}`);
  }
  acknowledged(_server: FakeServer, record: WalRecord): void {
    this.acked.push(record);
  }
  listening(name: string): FakeServer | null {
    const server = this.#servers.get(name) ?? null;
    return server === null || server.phase === 'gone' || server.phase === 'orphaned' ? null : server;
  }

  postgres(name: string): Postgres {
    const local = new LocalPostgres(
      this,
      this.host(name).spawn('batond'),
      this.random.fork(),
      () => this.#servers.get(name) ?? null,
    );
    return createFakePostgres({ member: memberName(name), disk: this.disk(name), local });
  }

  /** What somebody on that host finds of the others. */
  peers(name: string): Peers {
    return createFakePeers(this, this.host(name).spawn('batond'));
  }

  start(name: string): FakeServer {
    const { data } = this.disk(name);
    if (data === null) throw new Error('no data directory');
    const server = new FakeServer(this, this.host(name), data, this.random.fork(), (_code, why) =>
      this.exits.push(`${name} ${why ?? 'exit'}`),
    );
    this.#servers.set(name, server);
    return server;
  }

  /** Lets virtual time pass until the promise settles. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    void promise.finally(() => {
      done = true;
    });
    await this.clock.runUntilFact(() => done, 60_000);
    return promise;
  }

  async ok<T, E>(promise: Promise<{ ok: true; value: T } | { ok: false; error: E }>): Promise<T> {
    const result = await this.settled(promise);
    if (!result.ok) throw new Error(JSON.stringify(result.error));
    return result.value;
  }

  until = (fact: () => boolean, limitMs = 10_000) => this.clock.runUntilFact(fact, limitMs);

  /** A commit of a client over a session of its own; what it returns becomes true with the acknowledgement. */
  commit(name: string, id: string, pipelining = false): { acked: boolean } {
    const server = this.server(name);
    const backend = { pid: this.nextPid(), name: 'client', connection: null, pipelining };
    server.backends.add(backend);
    const seen = { acked: false };
    server.commit(backend, 'commit', id, 'flush', () => {
      seen.acked = true;
    });
    return seen;
  }
}

/** a is a primary with slots, b its streaming standby; nothing waits. */
export async function aPair(): Promise<{ pair: Pair; a: Postgres; b: Postgres; standbyName: string }> {
  const pair = new Pair();
  const [a, b] = [pair.postgres('a'), pair.postgres('b')];
  await pair.ok(a.initialize(copyId('aaaaaaaa'), signal));
  await pair.ok(a.preparePrimary(nobody, 'everybody'));
  pair.start('a');
  await pair.until(() => pair.server('a').phase === 'primary');
  await pair.ok(a.furnish([memberName('b')], signal));
  await pair.ok(b.clone(upstream('a'), copyId('bbbbbbbb'), signal, () => {}));
  await pair.ok(b.prepareStandby(upstream('a')));
  pair.start('b');
  await pair.until(
    () => pair.server('b').phase === 'standby' && [...pair.server('a').senders].some((sender) => sender.streaming),
  );
  return { pair, a, b, standbyName: 'baton_b_bbbbbbbb' };
}
