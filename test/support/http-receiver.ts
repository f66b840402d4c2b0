/** A receiver of notices that answers well, fails, hangs or is slow, and honours `Idempotency-Key` like a good one. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What it does with one request; `nth` counts from 1. `hang` never answers. */
export type Behaviour = (
  request: Received,
  nth: number,
) =>
  | {
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly afterMs?: number;
    }
  | 'hang';

export class HttpReceiver implements AsyncDisposable {
  /** Every request, in order, also of those that it failed or left hanging. */
  readonly requests: Received[] = [];
  /** What it took, by key: a key that came before is dropped, as a receiver should. */
  readonly taken = new Map<string, Received>();
  behaviour: Behaviour;
  readonly #server: Server;
  readonly #timers = new Set<NodeJS.Timeout>();

  private constructor(behaviour: Behaviour) {
    this.behaviour = behaviour;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(behaviour: Behaviour = () => ({ status: 204 }), host = '127.0.0.1'): Promise<HttpReceiver> {
    const receiver = new HttpReceiver(behaviour);
    await new Promise<void>((resolve) => receiver.#server.listen(0, host, resolve));
    return receiver;
  }

  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address}:${port}`;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    } catch {
      return; // Broken off.
    }
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const received = { path: request.url ?? '', headers, body: Buffer.concat(pieces).toString('utf8') };
    this.requests.push(received);
    const answer = this.behaviour(received, this.requests.length);
    if (answer === 'hang') return;
    const respond = (): void => {
      const key = headers['idempotency-key'];
      if (key !== undefined && answer.status < 300 && !this.taken.has(key)) this.taken.set(key, received);
      response.writeHead(answer.status, answer.headers).end(answer.body);
    };
    if (answer.afterMs === undefined) respond();
    else this.#timers.add(setTimeout(respond, answer.afterMs));
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
