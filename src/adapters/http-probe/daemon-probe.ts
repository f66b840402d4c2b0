/** Evidence E6: asks another member's daemon for its report of itself. */
import { type IncomingMessage, request } from 'node:http';
import { KiB, type Ms } from '../../core/units.ts';
import type { ProbeOutcome } from '../../core/view.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Peers } from '../../ports/postgres.ts';

const bodyBytesMax = 64 * KiB;

/**
 * One attempt on a connection of its own: a kept one would hide that nobody new is served. Any HTTP answer is `ok`, the
 * daemon is alive; `report` is null when it is not one of 200 and JSON.
 */
export function createDaemonProbe(clock: Clock): Peers['probeDaemon'] {
  return async (apiUrl, limitMs) => {
    try {
      const { status, text } = await get(new URL('/v1/self', apiUrl), limitMs, clock);
      if (status !== 200) return { outcome: 'ok', problem: `${apiUrl} answered ${status}`, report: null };
      return { outcome: 'ok', problem: null, report: parse(text) };
    } catch (thrown) {
      const error = thrown as NodeJS.ErrnoException;
      return { outcome: outcomeOf(error), problem: `${apiUrl}: ${error.code ?? error.message}`, report: null };
    }
  };
}

function outcomeOf(error: NodeJS.ErrnoException): Exclude<ProbeOutcome, 'ok'> {
  if (error.code === 'ECONNREFUSED') return 'refused';
  return error.code === 'ETIMEDOUT' ? 'timed-out' : 'unreachable';
}

function get(url: URL, limitMs: Ms, clock: Clock): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, headers: { connection: 'close', accept: 'application/json' } });
    const end = (settle: () => void): void => {
      cancel();
      settle();
    };
    const cancel = clock.timer(limitMs, () => {
      sent.destroy(Object.assign(new Error(`no answer within ${limitMs} ms`), { code: 'ETIMEDOUT' }));
    });
    sent.on('error', (error) => end(() => reject(error)));
    sent.once('response', (response) => {
      readBody(response).then(
        (text) => end(() => resolve({ status: response.statusCode ?? 0, text })),
        (error: Error) => end(() => reject(error)),
      );
    });
    sent.end();
  });
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new Error(`the answer is longer than ${bodyBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
