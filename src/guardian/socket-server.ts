/** The guardian's end of its socket: one active batond; a newer one replaces it. */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { BatondEvents, BatondLink, GuardianReport } from '../ports/batond-link.ts';
import type { ProcessIdentity } from '../ports/process-host.ts';
import { commonVersion, protocolVersions, toGuardian } from '../wire/guardian-protocol.ts';
import { formatLine, LineCutter } from '../wire/json-lines.ts';
import { readJson } from '../wire/json-text.ts';

export interface SocketServerOptions {
  /** At most 107 bytes: Linux takes no longer socket address. */
  readonly path: string;
  readonly dataDir: string;
  readonly self: ProcessIdentity;
  readonly log: (event: string, details: Readonly<Record<string, unknown>>) => void;
}

/** A batond that reads so slowly is frozen: what it has not read by then is of no use to it. */
const unsentBytesMax = 1024 * 1024;
const connectionsMax = 8;

export class SocketServer implements BatondLink {
  readonly #options: SocketServerOptions;
  #active: Socket | null = null;

  constructor(options: SocketServerOptions) {
    this.#options = options;
  }

  /** The caller has made sure that no other guardian serves this path (see GuardianLock). */
  listen(events: BatondEvents, signal: AbortSignal): void {
    const { path, log } = this.#options;
    rmSync(path, { force: true });
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      this.#serve(socket, events);
    });
    server.maxConnections = connectionsMax;
    const maskBefore = process.umask(0o177);
    server.listen(path);
    process.umask(maskBefore);
    server.once('listening', () => chmodSync(path, 0o600));
    server.on('error', (error) => {
      log('socket', { path, problem: error.message });
      throw error;
    });
    signal.addEventListener(
      'abort',
      () => {
        server.close();
        for (const socket of sockets) socket.destroySoon();
      },
      { once: true },
    );
  }

  report(report: GuardianReport): void {
    if (this.#active !== null) this.#send(this.#active, report);
  }

  #send(socket: Socket, message: object): void {
    if (socket.destroyed) return;
    if (socket.writableLength > unsentBytesMax) {
      socket.destroy(new Error('batond does not read'));
      return;
    }
    socket.write(formatLine(message));
  }

  #serve(socket: Socket, events: BatondEvents): void {
    const { log } = this.#options;
    const cutter = new LineCutter();
    socket.setEncoding('utf8');
    socket.on('error', (error) => log('connection', { problem: error.message }));
    socket.once('close', () => {
      if (this.#active !== socket) return;
      this.#active = null;
      events.disconnected();
    });
    socket.on('data', (chunk) => {
      try {
        for (const line of cutter.push(chunk.toString())) this.#take(socket, line, events);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        socket.destroy(error);
      }
    });
  }

  #take(socket: Socket, line: string, events: BatondEvents): void {
    const { log, self, dataDir } = this.#options;
    if (socket.destroyed) return;
    const parsed = readJson(toGuardian, line);
    if (!parsed.ok) {
      log('not-understood', { problem: parsed.error });
      return;
    }
    const message = parsed.value;
    if (message.type !== 'hello') {
      // Who has not said hello, or was replaced, is not obeyed.
      if (socket === this.#active) events.command(message);
      return;
    }
    const protocol = commonVersion(message.protocols);
    if (protocol === null) {
      log('incompatible', { offered: message.protocols, understood: protocolVersions });
      socket.end(formatLine({ type: 'incompatible', protocols: protocolVersions }));
      return;
    }
    const before = this.#active;
    this.#active = socket;
    before?.destroy();
    log('batond', { pid: message.pid, protocol });
    this.#send(socket, { type: 'hello', protocol, pid: self.pid, startTicks: self.startTicks, dataDir });
    events.connected();
  }
}
