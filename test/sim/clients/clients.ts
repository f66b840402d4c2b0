/** Clients: each writes unique ids to whoever accepts them, and remembers what was acknowledged to it. */
import type { Ms } from '../../../src/core/units.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { FakeServer } from '../postgres/fake-server.ts';
import type { Backend } from '../postgres/sessions.ts';
import type { Connection, Place } from '../hosts/network.ts';
import type { Random } from '../clock/random.ts';
import type { ServerWorld } from '../postgres/server-world.ts';
import type { Service } from '../checks/service.ts';

const connectLimitMs: Ms = 300;
const answerLimitMs: Ms = 1_000;
const retryMs: Ms = 50;
const sessionMinMs: Ms = 500;
const sessionMaxMs: Ms = 5_000;
/** How many of ten writes come after a read. */
const readsOfTen = 3;

export interface ClientOptions {
  readonly name: string;
  /** Writes that are under way at one time; more than one is a pipelining client. */
  readonly depth: number;
  readonly thinkMs: Ms;
}

/** How much the clients of one life do. `drawn`: mostly a quiet day, sometimes a busy one, as the seed says. */
export type ClientLoad = 'busy' | 'drawn';

/** Two polite clients and a pipelining one: it alone has a next commit at hand when its postmaster dies. */
export function clientsUnder(load: ClientLoad, random: Random): readonly ClientOptions[] {
  const busy = random.chance(0.1) || load === 'busy';
  const slower = busy ? 1 : random.between(10, 40);
  return [
    { name: 'client-1', depth: 1, thinkMs: 60 * slower },
    { name: 'client-2', depth: 1, thinkMs: 120 * slower },
    { name: 'client-3', depth: 3, thinkMs: 60 * slower },
  ];
}

/** One of a client's writers, in the session that it has at present. */
interface OpenSession {
  readonly server: FakeServer;
  readonly connection: Connection;
  readonly backend: Backend;
  readonly session: number;
  readonly writer: string;
  readonly end: () => void;
}

export class Client implements Place {
  readonly name: string;
  readonly powerCuts = 0;
  readonly #world: ServerWorld;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #options: ClientOptions;
  readonly #service: Service;
  #targets: string[];
  #written = 0;
  /** Grows with every session; what belongs to an older one is not listened to. */
  #session = 0;

  constructor(
    world: ServerWorld,
    clock: Clock,
    random: Random,
    targets: readonly string[],
    options: ClientOptions,
    service: Service,
  ) {
    this.name = options.name;
    this.#world = world;
    this.#clock = clock;
    this.#random = random;
    this.#options = options;
    this.#service = service;
    this.#targets = [...targets];
    this.#clock.timer(random.between(0, 100), () => this.#connect());
  }

  receive(action: () => void): void {
    action();
  }

  #connect(): void {
    const [target] = this.#targets;
    if (target === undefined) return;
    this.#session += 1;
    const session = this.#session;
    this.#service.wanted(this.#writer(0), this.#clock.mono());
    const host = this.#world.host(target);
    const next = () => {
      if (session !== this.#session) return;
      cancelLimit();
      this.#targets = [...this.#targets.slice(1), target];
      this.#session += 1;
      this.#clock.timer(retryMs, () => this.#connect());
    };
    const cancelLimit = this.#clock.timer(connectLimitMs, next);
    this.#world.network.packet(this, host, () => {
      const server = this.#world.listening(target);
      const refuse = () => this.#world.network.packet(host, this, next);
      if (server === null) return refuse();
      server.accept(false, (admission) => {
        if (admission !== 'served' || server.phase !== 'primary' || server.dir.admits !== 'everybody') return refuse();
        const connection = this.#world.network.connect(this, host);
        const backend = {
          pid: this.#world.nextPid(),
          name: this.name,
          connection,
          pipelining: this.#options.depth > 1,
        };
        server.backends.add(backend);
        connection.onClose(host, () => server.process.run(() => server.hangUp(backend)));
        connection.send(host, () => {
          if (session !== this.#session) return connection.close(this);
          cancelLimit();
          this.#session += 1;
          this.#begin(server, connection, backend);
        });
      });
    });
  }

  #begin(server: FakeServer, connection: Connection, backend: Backend): void {
    const session = this.#session;
    const end = () => {
      if (session !== this.#session) return;
      this.#session += 1;
      connection.close(this);
      this.#clock.timer(retryMs, () => this.#connect());
    };
    connection.onClose(this, end);
    // A pool recycles its sessions, and asks its hosts in whatever order: not everybody stays with whom it knows.
    this.#clock.timer(this.#random.between(sessionMinMs, sessionMaxMs), () => {
      if (session !== this.#session) return;
      if (this.#random.chance(0.5)) this.#targets.reverse();
      end();
    });
    for (let slot = 0; slot < this.#options.depth; slot += 1) {
      this.#write({ server, connection, backend, session, writer: this.#writer(slot), end });
    }
  }

  #writer(slot: number): string {
    return `${this.name}/${slot}`;
  }

  /** A look at what there is, by the session that will write next. */
  #read({ server, connection, backend }: OpenSession): void {
    connection.send(this, () =>
      server.process.run(() =>
        server.backends.run(backend, () => {
          this.#world.read(server);
        }),
      ),
    );
  }

  /** One write after the other, until the session ends. What was not answered by then is unknown for ever. */
  #write(open: OpenSession): void {
    const { server, connection, backend, session, writer, end } = open;
    if (session !== this.#session) return;
    if (this.#random.chance(readsOfTen / 10)) this.#read(open);
    this.#service.wanted(writer, this.#clock.mono());
    this.#written += 1;
    const id = `${this.name}/${this.#written}`;
    const cancel = this.#clock.timer(answerLimitMs, end);
    const answered = () => {
      if (session !== this.#session) return;
      cancel();
      this.#service.acknowledged(writer, this.#clock.mono());
      const thinkMs = this.#options.thinkMs * this.#random.between(0.5, 1.5);
      this.#clock.timer(thinkMs, () => this.#write(open));
    };
    connection.send(this, () =>
      server.process.run(() => {
        if (!server.backends.has(backend)) return;
        server.commit(backend, 'commit', id, 'flush', () => connection.send(backend.connection?.far ?? this, answered));
      }),
    );
  }
}
