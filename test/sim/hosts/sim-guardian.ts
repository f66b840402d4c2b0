/** One run of the production guardian in a simulated process, and the socket on which it listens. */
import type { LeaseId } from '../../../src/core/units.ts';
import { leaseId } from '../../../src/core/units.ts';
import { runGuardian } from '../../../src/guardian/run-guardian.ts';
import type { BatondEvents, GuardianReport } from '../../../src/ports/batond-link.ts';
import type { LeaseStore } from '../../../src/ports/coordinator.ts';
import type { GuardianCommand } from '../../../src/ports/guardian.ts';
import type { Disk } from './disk.ts';
import type { ProcessHost } from '../../../src/ports/process-host.ts';
import type { Machine } from './fake-process-host.ts';
import type { SimProcess } from './host.ts';
import type { Random } from '../clock/random.ts';

/** The end of the socket that a batond holds. */
export interface BatondEnd {
  report(report: GuardianReport): void;
  closed(): void;
}

export interface GuardianOptions {
  readonly process: SimProcess;
  readonly disk: Disk;
  readonly machine: Machine;
  readonly processHost: ProcessHost;
  readonly leases: LeaseStore;
  readonly random: Random;
  readonly dataDir: string;
  readonly note: (text: string) => void;
}

const socketDelayMs = 0.2;

export class SimGuardian {
  readonly process: SimProcess;
  readonly #machine: Machine;
  readonly #terminate: () => void;
  #events: BatondEvents | null = null;
  #batond: BatondEnd | null = null;

  constructor({ process, disk, machine, processHost, leases, random, dataDir, note }: GuardianOptions) {
    this.process = process;
    this.#machine = machine;
    const { clock } = process;
    const guardian = runGuardian(
      {
        dataDir,
        clock,
        leases,
        host: processHost,
        link: {
          listen: (events) => {
            this.#events = events;
          },
          report: (report) => this.#batond?.report(report),
        },
        kept: {
          read: async () => disk.lease,
          write: async (id: LeaseId) => {
            await clock.sleep(random.between(0.5, 5));
            await disk.durably(clock);
            disk.lease = id;
          },
        },
        newLeaseId: () => leaseId(String(random.int(1, 2 ** 31))),
        log: (event, details) =>
          note(`guardian ${event}${typeof details['because'] === 'string' ? `: ${details['because']}` : ''}`),
      },
      process.signal,
    );
    this.#terminate = guardian.terminate;
    void guardian.ended.then(() => this.#gone());
  }

  /** Null while it does not listen yet. A newer batond replaces the one before. */
  connect(batond: BatondEnd): { send(command: GuardianCommand): void; close(): void } | null {
    if (this.#events === null) return null;
    this.#batond?.closed();
    this.#batond = batond;
    const arrive = (action: (events: BatondEvents) => void) =>
      this.process.clock.timer(socketDelayMs, () => {
        if (this.#batond === batond && this.#events !== null) action(this.#events);
      });
    arrive((events) => events.connected());
    return {
      send: (command) => void arrive((events) => events.command(command)),
      close: () => {
        this.process.clock.timer(socketDelayMs, () => {
          if (this.#batond !== batond) return;
          this.#batond = null;
          this.#events?.disconnected();
        });
      },
    };
  }

  /** SIGTERM */
  terminate(): void {
    this.process.run(this.#terminate);
  }

  /** SIGKILL. The kernel kills its postmaster with it; backends may live on. */
  kill(): void {
    if (!this.process.alive) return;
    this.#machine.server()?.killPostmaster();
    this.#gone();
  }

  #gone(): void {
    this.process.kill();
    this.#batond?.closed();
    this.#batond = null;
  }
}
