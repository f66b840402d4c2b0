/** What the PostgreSQL adapter must be told about its own server. */
import type { MemberName } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Endpoint } from '../../ports/postgres.ts';

export interface Credentials {
  readonly username: string;
  /** A function is asked each time, so that a rotated password is taken up. */
  readonly password: string | (() => string);
}

export interface PostgresOptions {
  readonly clock: Clock;
  readonly cluster: string;
  readonly member: MemberName;
  readonly binDir: string;
  readonly dataDir: string;
  /** Holds the unix socket, the password file and what was saved before rewinds. */
  readonly stateDir: string;
  readonly listen: Endpoint;
  /** Where the other members dial this server. */
  readonly connect: Endpoint;
  readonly superuser: Credentials;
  readonly replication: Credentials;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  /** The user's own lines of pg_hba.conf, after Baton's. */
  readonly hba: readonly string[];
  /** Most bytes that a clone may transfer in a second. */
  readonly cloneBytesPerSecond?: number;
  /** PostgreSQL's restore_command; it is bounded in time here. */
  readonly restoreCommand?: string;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

export const passwordOf = (credentials: Credentials): string =>
  typeof credentials.password === 'function' ? credentials.password() : credentials.password;
