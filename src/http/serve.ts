/** Serves the API on TCP (reads) and on a unix socket (reads and changes) until a signal aborts. */
import { chmodSync, unlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { err, ok, type Result } from '../core/result.ts';
import { KiB, second } from '../core/units.ts';
import { type ApiOptions, createApi } from './api.ts';

export interface ServeOptions extends Omit<ApiOptions, 'changes'> {
  readonly tcp: { readonly host: string; readonly port: number };
  /** Made with mode 0660; a stale one is replaced. */
  readonly socketPath: string;
  readonly signal: AbortSignal;
}

export interface Served {
  /** The port that was taken, also when 0 was asked for. */
  readonly port: number;
  /** Resolves when the signal has aborted, nothing listens any more and all connections are closed. */
  readonly ended: Promise<void>;
}

const connectionsMax = 512;
const socketMode = 0o660;

/** The error names the address and what to do. Whatever was opened before it is closed again. */
export async function serveApi({ tcp, socketPath, signal, ...options }: ServeOptions): Promise<Result<Served, string>> {
  const onTcp = makeServer({ ...options, changes: false });
  const onSocket = makeServer({ ...options, changes: true });
  const socket = await listenOnSocket(onSocket, socketPath);
  if (!socket.ok) return socket;
  const port = await listenOnTcp(onTcp, tcp.host, tcp.port);
  if (!port.ok) {
    await close(onSocket);
    return port;
  }
  const ended = new Promise<void>((resolve) => {
    const end = (): void => void Promise.all([close(onTcp), close(onSocket)]).then(() => resolve());
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
  return ok({ port: port.value, ended });
}

/** A client that is slow, silent or greedy costs one connection, for a few seconds. */
function makeServer(options: ApiOptions): Server {
  const limits = {
    maxHeaderSize: 8 * KiB,
    headersTimeout: 5 * second,
    requestTimeout: 10 * second,
    keepAliveTimeout: 15 * second,
    connectionsCheckingInterval: second,
  };
  const server = createServer(limits, getRequestListener(createApi(options).fetch, { overrideGlobalObjects: false }));
  server.maxConnections = connectionsMax;
  return server;
}

async function listenOnTcp(server: Server, host: string, port: number): Promise<Result<number, string>> {
  const failure = await listen(server, () => server.listen({ host: host === '*' ? '::' : host, port }));
  if (failure === null) return ok((server.address() as AddressInfo).port);
  const hint =
    failure.code === 'EADDRINUSE'
      ? 'another process listens there: stop it, or change api.listen'
      : 'api.listen must be an address of this host';
  return err(`cannot listen on ${host}:${port} (${failure.code ?? failure.message}): ${hint}`);
}

async function listenOnSocket(server: Server, path: string): Promise<Result<void, string>> {
  if (await answers(path)) return err(`cannot listen on ${path}: another batond answers there: stop it first`);
  try {
    unlinkSync(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT')
      return err(`cannot replace the stale socket ${path}: ${(thrown as Error).message}`);
  }
  // The socket is bound before listen() returns: nobody else may connect even for a moment.
  const failure = await listen(server, () => {
    const before = process.umask(0o777 & ~socketMode);
    try {
      server.listen(path);
    } finally {
      process.umask(before);
    }
  });
  if (failure !== null)
    return err(`cannot listen on ${path} (${failure.code ?? failure.message}): is its directory there and writable?`);
  chmodSync(path, socketMode);
  return ok(undefined);
}

/** Null when it listens. */
function listen(server: Server, begin: () => void): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.once('listening', () => {
      server.off('error', resolve);
      // Without a listener, running out of file descriptors would end the daemon; the connection is lost either way.
      server.on('error', () => undefined);
      resolve(null);
    });
    begin();
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (value: boolean) => (): void => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', end(true));
    socket.once('error', end(false));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
