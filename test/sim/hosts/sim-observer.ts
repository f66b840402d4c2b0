/** The host of an observer, at a third site: runs of the production observer in simulated processes, on one disk. */
import { copyId, type LeaseId, leaseId, memberName } from '../../../src/core/units.ts';
import { createObserver } from '../../../src/daemon/observer/run-observer.ts';
import { LeaseKeeper } from '../../../src/guardian/lease-keeper.ts';
import type { DaemonFace } from '../../../src/ports/daemon-face.ts';
import { nothingKept } from '../../../src/ports/journal.ts';
import type { Random } from '../clock/random.ts';
import type { FakeEtcd } from '../etcd/fake-etcd.ts';
import { Disk } from './disk.ts';
import { createFakeLedger } from './fake-ledger.ts';
import { createFakePeers, type FakePeers, type PeerWorld } from './fake-peers.ts';
import type { Host, SimProcess } from './host.ts';
import type { People } from './people.ts';
import { cluster, parseConfig, settingsOf } from './settings.ts';
import { nobody, noEvidence } from './sim-batond.ts';

interface Run {
  readonly process: SimProcess;
  readonly peers: FakePeers;
  readonly face: DaemonFace;
}

export class SimObserver {
  readonly disk = new Disk();
  readonly name = memberName('o');
  readonly host: Host;
  readonly #world: PeerWorld & { readonly etcd: FakeEtcd; note(text: string): void };
  readonly #random: Random;
  readonly #people: People | null;
  #run: Run | null = null;

  constructor(
    host: Host,
    world: PeerWorld & { readonly etcd: FakeEtcd; note(text: string): void },
    random: Random,
    people: People | null,
  ) {
    this.host = host;
    this.#world = world;
    this.#random = random;
    this.#people = people;
  }

  get face(): DaemonFace | null {
    return this.#run?.face ?? null;
  }

  /** SIGKILL. */
  kill(): void {
    this.#run?.process.kill();
    this.#run?.peers.disconnect();
    this.#run = null;
  }

  start(): void {
    if (this.#run !== null) return;
    const process = this.host.spawn('batond');
    const { disk, name } = this;
    const [world, random, people] = [this.#world, this.#random, this.#people];
    const { clock } = process;
    const { etcd } = world;
    const peers = createFakePeers(world, process);
    const note = (text: string) => world.note(`${name}: ${text}`);
    let facts = disk.kept ?? nothingKept;
    const observer = createObserver(
      {
        settings: {
          ...{ cluster, name, location: 'site-o', address: { host: name, port: 8008 }, apiUrl: `http://${name}:8008` },
          shared: settingsOf(name, 'available').shared,
        },
        clock,
        coordinator: etcd.coordinatorFor(this.host.name, process),
        peers,
        journal: {
          decided: () => {},
          happened: (event, details) => note(`${event} ${JSON.stringify(details)}`),
        },
        log: { info: () => {}, warn: (message) => note(`warns: ${message}`), error: (message) => note(message) },
        ledger: createFakeLedger(disk, clock),
        bookmark: {
          read: () => disk.serviceBookmark,
          keep: async (row) => {
            disk.serviceBookmark = row;
          },
        },
        kept: {
          read: () => facts,
          write: async (news) => {
            facts = { ...facts, ...news };
            disk.kept = facts;
          },
        },
        ownLease: (changed) =>
          new LeaseKeeper(
            {
              clock,
              store: etcd.leaseStoreFor(this.host.name, process),
              kept: {
                read: async () => disk.lease,
                write: async (id: LeaseId) => {
                  disk.lease = id;
                },
              },
              newLeaseId: () => leaseId(String(random.int(2, 2 ** 40))),
              bootAheadMs: () => 0,
              changed,
              renewed: () => {},
              problem: (what, problem) => note(`${what}: ${problem}`),
              signal: process.signal,
            },
            disk.lease,
          ),
        evidence: noEvidence,
        version: '0.0.0-simulated',
        parseConfig,
        promisesOf: () => people?.promises ?? null,
        noticesOf: () => people?.policy ?? null,
        notifier: people?.notifier(clock, random.fork()) ?? nobody,
        jobsOf: () => null,
        ticker: { tick: () => undefined },
        newCopyId: () => copyId(random.hex(8)),
      },
      process.signal,
    );
    note('starts as an observer');
    observer.run().catch((error: unknown) => note(`ended: ${error instanceof Error ? error.stack : String(error)}`));
    this.#run = { process, peers, face: observer.face };
  }
}
