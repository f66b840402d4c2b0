/** Whether PostgreSQL could listen where it is told to: found out before it is started, and said by name. */
import { createServer } from 'node:net';
import type { Endpoint } from '../../ports/postgres.ts';
import { OperationFailure } from './failure.ts';

/**
 * Throws OperationFailure when somebody else listens there, or the address is not this host's. The server of this data
 * directory must be down. What only PostgreSQL can judge (a host name, a privileged port) is left to it.
 */
export async function mustBeFree({ host, port }: Endpoint): Promise<void> {
  const code = await tryToListen(host, port);
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (code === 'EADDRINUSE')
    throw new OperationFailure(
      `cannot listen on ${where}: another process does. Stop it, or change postgres.listen`,
      true,
    );
  if (code === 'EADDRNOTAVAIL')
    throw new OperationFailure(
      `cannot listen on ${where}: it is no address of this host. Bring it up, or change postgres.listen`,
      true,
    );
}

/** The code of the error; null when it worked. Nothing is left listening. */
function tryToListen(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? null));
    server.listen({ host: host === '*' ? '::' : host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
