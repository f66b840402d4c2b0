/** A TCP proxy that can lose what the server says: the fault that makes a committed transaction's outcome unknown. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Requests still pass, answers are thrown away. */
  muteAnswers(): void;
  /** Resets every connection; new ones are served (answers pass again). */
  reset(): void;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const clients = new Set<Socket>();
  let muted = false;
  const server: Server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    clients.add(client);
    client.on('data', (data) => upstream.write(data));
    upstream.on('data', (data) => {
      if (!muted) client.write(data);
    });
    const close = () => {
      clients.delete(client);
      upstream.destroy();
      client.destroy();
    };
    for (const socket of [client, upstream]) socket.on('error', close).on('close', close);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const reset = () => {
    muted = false;
    for (const client of clients) client.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    muteAnswers: () => {
      muted = true;
    },
    reset,
    [Symbol.asyncDispose]: async () => {
      reset();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
