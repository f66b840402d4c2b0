import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Reply {
  readonly status?: number;
  readonly body: unknown;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** What answers one path: a reply, or `hang-up` (the request is read, the connection is cut), or `silent`. */
export type Handler = Reply | 'hang-up' | 'silent' | ((asked: Asked, times: number) => Reply | 'hang-up' | 'silent');

/** An API server on a unix socket of its own. `asked` holds every request in order. */
export class FakeApi {
  readonly asked: Asked[] = [];
  readonly socketPath: string;
  private readonly directory: string;
  private readonly server: Server;

  private constructor(directory: string, handlers: Readonly<Record<string, Handler>>) {
    this.directory = directory;
    this.socketPath = join(directory, 'batond.sock');
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const asked = {
          method: request.method ?? '',
          path: request.url ?? '',
          body: text === '' ? null : JSON.parse(text),
        };
        this.asked.push(asked);
        const name = `${asked.method} ${asked.path}`;
        const handler = handlers[name];
        const times = this.asked.filter((each) => `${each.method} ${each.path}` === name).length;
        const reply = typeof handler === 'function' ? handler(asked, times) : handler;
        if (reply === 'silent') return;
        if (reply === 'hang-up') {
          request.socket.destroy();
          return;
        }
        const { status = 200, body } = reply ?? {
          status: 404,
          body: { error: { code: 'not-found', problem: `no route ${name}`, hint: '' } },
        };
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
  }

  static async start(handlers: Readonly<Record<string, Handler>>): Promise<FakeApi> {
    const api = new FakeApi(await mkdtemp(join(tmpdir(), 'baton-cli-')), handlers);
    await new Promise<void>((resolve, reject) => {
      api.server.once('error', reject);
      api.server.listen(api.socketPath, resolve);
    });
    return api;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await rm(this.directory, { recursive: true, force: true });
  }
}
