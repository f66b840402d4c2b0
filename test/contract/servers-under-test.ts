/** Two PostgreSQL servers of either kind, simulated or real, as the suite handles them: a primary, and its standby. */
import type { Result } from '../../src/core/result.ts';
import type { Ms } from '../../src/core/units.ts';
import type { OperationError, Peers, Postgres, StartCommand, Upstream } from '../../src/ports/postgres.ts';

export interface ServerUnderTest {
  readonly postgres: Postgres;
  readonly upstream: Upstream;
  /** Ends when it answers a look. */
  start(command: StartCommand): Promise<void>;
  /** Fast shutdown, until nothing of it is left. */
  stop(): Promise<void>;
  /** SIGKILL of everything. */
  kill(): Promise<void>;
  /** SIGSTOP of the postmaster alone. */
  freezePostmaster(): void;
  thawPostmaster(): void;
  /** A client's commit; false when it is not acknowledged within the limit. */
  write(limitMs: Ms): Promise<boolean>;
  /** Clients take every place that there is for them; ends them again. */
  takeConnections(superuser: boolean): Promise<() => Promise<void>>;
  /** pg_cancel_backend of whoever waits for a standby. */
  cancelWaits(): Promise<void>;
  /** `pg_ctl promote` */
  promoteByHand(): Promise<void>;
  /** ALTER SYSTEM SET synchronous_standby_names = '', and a reload. */
  overrideWaits(): Promise<void>;
  /** So much WAL that a slot may not keep all of it, and checkpoints that recycle it. */
  writeMuch(): Promise<void>;
  /** Whether the slot of that member has lost its WAL. */
  slotIsLost(member: string): Promise<boolean>;
}

export interface ServersUnderTest extends AsyncDisposable {
  readonly a: ServerUnderTest;
  readonly b: ServerUnderTest;
  /** The name under which b streams. */
  readonly standbyName: string;
  /** What the other members ask. */
  readonly peers: Pick<Peers, 'probePostgres' | 'writeProbe'>;
  /** Lets time pass until the promise settles. */
  settled<T>(promise: Promise<T>): Promise<T>;
  until(fact: () => Promise<boolean>, limitMs: Ms): Promise<void>;
}

export function must<T>(result: Result<T, OperationError>): T {
  if (!result.ok) throw new Error(result.error.problem);
  return result.value;
}
