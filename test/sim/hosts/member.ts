/** One host of the cluster: its disk, its PostgreSQL, its guardian and its batond, and what may happen to them. */
import type { MemberName } from '../../../src/core/units.ts';
import { Disk } from './disk.ts';
import type { Machine } from './fake-process-host.ts';
import { FakeServer } from '../postgres/fake-server.ts';
import type { Host } from './host.ts';
import type { Random } from '../clock/random.ts';
import type { ServerWorld } from '../postgres/server-world.ts';
import type { SimBatond } from './sim-batond.ts';
import type { SimGuardian } from './sim-guardian.ts';

/** How a world starts the two daemons; the member knows only that it has them. */
export interface Daemons {
  batond(member: Member): SimBatond;
  guardian(member: Member): SimGuardian;
}

export class Member {
  readonly disk = new Disk();
  server: FakeServer | null = null;
  guardian: SimGuardian | null = null;
  batond: SimBatond | null = null;
  /** An operator works on this host: nothing else starts its daemons. */
  keptDown = false;
  readonly machine: Machine;
  readonly name: MemberName;
  readonly host: Host;
  readonly #daemons: Daemons;

  constructor(name: MemberName, host: Host, world: ServerWorld, random: Random, daemons: Daemons) {
    this.name = name;
    this.host = host;
    this.#daemons = daemons;
    this.machine = {
      server: () => this.server,
      launch: (exited) => {
        const { data } = this.disk;
        if (data === null) return null;
        this.server = new FakeServer(world, host, data, random.fork(), exited);
        world.note(`${name}: postgres ${this.server.pid} starts as a ${this.server.startedAs}`);
        return this.server;
      },
      marks: () => ({
        standbySignal: this.disk.data?.standbySignal === true,
        unstartable: typeof this.disk.data?.unstartable === 'string',
      }),
    };
  }

  /** The server, while any process of it runs. */
  get running(): FakeServer | null {
    return this.server === null || this.server.phase === 'gone' ? null : this.server;
  }

  livingGuardian(): SimGuardian | null {
    return this.guardian?.process.alive === true ? this.guardian : null;
  }

  spawnGuardian(): void {
    if (this.host.powered && this.livingGuardian() === null) this.guardian = this.#daemons.guardian(this);
  }

  startBatond(): void {
    if (this.keptDown) return;
    if (this.host.powered && this.batond?.process.alive !== true) this.batond = this.#daemons.batond(this);
  }

  /** SIGKILL: its sessions and its end of the guardian's socket are closed by the kernel. */
  killBatond(): void {
    if (this.batond?.process.alive !== true) return;
    this.batond.process.kill();
    this.batond.closeSockets();
    for (const backend of [...(this.running?.backends ?? [])]) {
      if (backend.connection === null) this.running?.hangUp(backend);
    }
  }

  powerOff(): void {
    this.running?.powerCut();
    this.host.powerOff();
    this.guardian = null;
    this.batond = null;
  }

  powerOn(): void {
    if (this.host.powered) return;
    this.host.powerOn();
    this.startBatond();
  }
}
