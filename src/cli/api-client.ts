/** Asks a daemon over HTTP: on this host through its unix socket, elsewhere by URL. One attempt, one deadline. */
import { type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Result } from '../core/result.ts';
import { err, ok } from '../core/result.ts';
import { MiB, type Ms } from '../core/units.ts';
import type { Clock } from '../ports/clock.ts';

export type ApiTarget =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'url'; readonly url: URL };

export interface ApiAnswer {
  readonly status: number;
  /** The parsed JSON document. */
  readonly body: unknown;
}

export type ApiTrouble =
  /** The request was never taken: nothing can have come of it. */
  | { readonly kind: 'unreachable'; readonly problem: string }
  /** It was sent, and no whole answer came: a change may have happened. */
  | { readonly kind: 'no-answer'; readonly problem: string }
  /** Somebody answered, in words that no Baton daemon speaks. */
  | { readonly kind: 'not-understood'; readonly problem: string };

export interface Api {
  /** Names the other side, for error texts. */
  readonly where: string;
  get(path: string, limitMs: Ms, signal: AbortSignal): Promise<Result<ApiAnswer, ApiTrouble>>;
  post(path: string, body: unknown, limitMs: Ms, signal: AbortSignal): Promise<Result<ApiAnswer, ApiTrouble>>;
}

/** A long list of incidents, of at most 64 KiB each. */
const bodyBytesMax = 32 * MiB;

export function createApiClient(target: ApiTarget, clock: Clock): Api {
  const where = target.kind === 'socket' ? target.path : target.url.origin;
  return {
    where,
    get: (path, limitMs, signal) => exchange(target, where, { method: 'GET', path }, null, clock, limitMs, signal),
    post: (path, body, limitMs, signal) =>
      exchange(target, where, { method: 'POST', path }, JSON.stringify(body), clock, limitMs, signal),
  };
}

interface Asked {
  readonly method: 'GET' | 'POST';
  readonly path: string;
}

async function exchange(
  target: ApiTarget,
  where: string,
  asked: Asked,
  body: string | null,
  clock: Clock,
  limitMs: Ms,
  outer: AbortSignal,
): Promise<Result<ApiAnswer, ApiTrouble>> {
  const limit = new AbortController();
  const cancel = clock.timer(limitMs, () => limit.abort(new Error(`no answer within ${limitMs} ms`)));
  const signal = AbortSignal.any([outer, limit.signal]);
  let connected = false;
  try {
    const response = await send(target, asked, body, signal, () => {
      connected = true;
    });
    const text = await readBody(response);
    return understand(where, response.statusCode ?? 0, text);
  } catch (thrown) {
    const why = signal.aborted ? reasonText(signal.reason) : reasonText(thrown);
    const problem = `${asked.method} ${asked.path} at ${where}: ${why}`;
    return err(connected ? { kind: 'no-answer', problem } : { kind: 'unreachable', problem });
  } finally {
    cancel();
  }
}

/** Ends when the response's head is there. `onConnected` is called before the first byte of the request is sent. */
function send(
  target: ApiTarget,
  asked: Asked,
  body: string | null,
  signal: AbortSignal,
  onConnected: () => void,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options: RequestOptions = {
      ...place(target, asked.path),
      method: asked.method,
      signal,
      agent: false,
      headers: {
        accept: 'application/json',
        connection: 'close',
        ...(body === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
    };
    const secure = target.kind === 'url' && target.url.protocol === 'https:';
    const sent = (secure ? httpsRequest : httpRequest)(options, resolve);
    sent.on('socket', (socket) => socket.once(secure ? 'secureConnect' : 'connect', onConnected));
    sent.on('error', reject);
    sent.end(body ?? undefined);
  });
}

function place(target: ApiTarget, path: string): RequestOptions {
  if (target.kind === 'socket') return { socketPath: target.path, path };
  const { hostname, port, pathname } = target.url;
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, path: pathname.replace(/\/$/, '') + path, ...(port === '' ? {} : { port }) };
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) {
      response.destroy();
      throw new Error(`the answer is longer than ${bodyBytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function understand(where: string, status: number, text: string): Result<ApiAnswer, ApiTrouble> {
  try {
    return ok({ status, body: JSON.parse(text) as unknown });
  } catch {
    const start = text.slice(0, 60).replaceAll(/\s+/g, ' ');
    return err({ kind: 'not-understood', problem: `${where} answered ${status} and no JSON: "${start}"` });
  }
}

function reasonText(reason: unknown): string {
  if (!(reason instanceof Error)) return String(reason);
  const code = (reason as NodeJS.ErrnoException).code;
  switch (code) {
    case 'ENOENT':
      return 'the socket does not exist';
    case 'ECONNREFUSED':
      return 'nobody listens there';
    case 'EACCES':
      return 'you may not open it';
    case 'ENOTFOUND':
      return 'no such host';
    default:
      return reason.message;
  }
}
