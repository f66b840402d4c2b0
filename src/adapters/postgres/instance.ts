/** The server of this host as the operations of this folder see it: where everything is, and how to talk to it. */
import { join } from 'node:path';
import type { CopyId } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Endpoint } from '../../ports/postgres.ts';
import { type KeptSession, keepSession } from './kept-session.ts';
import { readCopy } from './marks.ts';
import type { PostgresOptions } from './options.ts';
import { refreshPassFile } from './pass-file.ts';
import type { SessionTarget } from './session.ts';

export interface Instance {
  readonly options: PostgresOptions;
  readonly clock: Clock;
  readonly dataDir: string;
  readonly passFile: string;
  /** The session of operations, which run one at a time. */
  readonly control: KeptSession;
  program(name: string): string;
  /** This server, over its unix socket, as superuser. */
  local(applicationName: string, settings?: Readonly<Record<string, string>>): SessionTarget;
  /** Another server, as superuser. */
  remote(endpoint: Endpoint, applicationName: string): SessionTarget;
  /** Of its data directory, or of one that is being made. Null when it belongs to no copy of this member. */
  copyId(dataDir?: string): Promise<CopyId | null>;
  /** Writes the password file if it has changed; its path for PGPASSFILE and `passfile=`. */
  freshPassFile(): Promise<string>;
}

/** What the kernel takes for the path of a unix socket, without the closing zero byte. */
const socketPathBytesMax = 107;

/** Throws RangeError when the unix socket's path would be too long for the kernel. */
export function anInstance(options: PostgresOptions): Instance {
  const socketPath = join(options.stateDir, `.s.PGSQL.${options.listen.port}`);
  const bytes = Buffer.byteLength(socketPath);
  if (bytes > socketPathBytesMax) {
    throw new RangeError(
      `the unix socket ${socketPath} has ${bytes} bytes, the kernel takes ${socketPathBytesMax}: choose a shorter state directory`,
    );
  }
  if (options.stateDir.includes(','))
    throw new RangeError(`a state directory with a comma does not work for PostgreSQL's socket: ${options.stateDir}`);
  const { clock, superuser, replication, dataDir, member } = options;
  const passFile = join(options.stateDir, 'pgpass');
  const local: Instance['local'] = (applicationName, settings) => ({
    endpoint: { host: options.stateDir, port: options.listen.port },
    credentials: superuser,
    applicationName,
    ...(settings === undefined ? {} : { settings }),
  });
  return {
    options,
    clock,
    dataDir,
    passFile,
    control: keepSession(clock, () => local('baton-control', { synchronous_commit: 'local' })),
    program: (name) => join(options.binDir, name),
    local,
    remote: (endpoint, applicationName) => ({ endpoint, credentials: superuser, applicationName }),
    copyId: (directory = dataDir) => readCopy(directory, member),
    async freshPassFile() {
      await refreshPassFile(passFile, [replication, superuser]);
      return passFile;
    },
  };
}
