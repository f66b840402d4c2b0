/** What a server needs of the world, and what the world learns from it. */
import type { WalRecord } from './directory.ts';
import type { LeftRecovery } from './recovery.ts';
import type { FakeServer } from './fake-server.ts';
import type { Host } from '../hosts/host.ts';
import type { Network } from '../hosts/network.ts';

export interface ServerWorld {
  readonly network: Network;
  host(member: string): Host;
  /** The server whose postmaster listens at this member's address, whatever state it is in. */
  listening(member: string): FakeServer | null;
  readonly nextUid: () => number;
  readonly nextPid: () => number;
  /** A planted fault: no checkpointer looks any more. */
  checkpointerStuck(): boolean;
  madeDurable(server: FakeServer, record: WalRecord): void;
  leftRecovery(server: FakeServer, how: LeftRecovery): void;
  /** A client's commit was acknowledged: from now on it must not be lost. */
  acknowledged(server: FakeServer, record: WalRecord): void;
  /** A client reads what this server shows. */
  read(server: FakeServer): void;
  /** A client was told COMMIT because its wait was given up: PostgreSQL's own hole (docs/safety.md), counted apart. */
  cancelled(record: WalRecord): void;
  /** Another member killed all of it, as a former primary. */
  fencedRemotely(server: FakeServer, by: string): void;
  note(text: string): void;
}
