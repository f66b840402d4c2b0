import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createApiClient } from '../../src/cli/api-client.ts';
import { FakeApi } from './fake-api.ts';
import { realClock } from '../support/real-clock.ts';

const never = new AbortController().signal;
const clientOf = (path: string) => createApiClient({ kind: 'socket', path }, realClock);

describe('the API client', () => {
  test('reads a JSON document over a unix socket', async () => {
    await using api = await FakeApi.start({ 'GET /v1/status': { body: { cluster: 'domain-1' } } });
    const answer = await clientOf(api.socketPath).get('/v1/status', 2_000, never);
    expect(answer).toEqual({ ok: true, value: { status: 200, body: { cluster: 'domain-1' } } });
  });

  test('sends a body as JSON', async () => {
    await using api = await FakeApi.start({
      'POST /v1/requests': { status: 202, body: { kind: 'accepted', id: 'r1' } },
    });
    const answer = await clientOf(api.socketPath).post('/v1/requests', { kind: 'switchover' }, 2_000, never);
    expect(answer).toMatchObject({ ok: true, value: { status: 202 } });
    expect(api.asked).toEqual([{ method: 'POST', path: '/v1/requests', body: { kind: 'switchover' } }]);
  });

  test('says that nothing was taken when the socket does not exist', async () => {
    const answer = await clientOf('/nowhere/batond.sock').post('/v1/requests', {}, 2_000, never);
    expect(answer).toEqual({
      ok: false,
      error: { kind: 'unreachable', problem: 'POST /v1/requests at /nowhere/batond.sock: the socket does not exist' },
    });
  });

  test('says that nothing was taken when nobody listens at a URL', async () => {
    const port = await freePort();
    const answer = await createApiClient({ kind: 'url', url: new URL(`http://127.0.0.1:${port}/`) }, realClock).get(
      '/v1/status',
      2_000,
      never,
    );
    expect(answer).toMatchObject({ ok: false, error: { kind: 'unreachable' } });
  });

  test('says that a request may have been taken when the connection is cut after it', async () => {
    await using api = await FakeApi.start({ 'POST /v1/requests': 'hang-up' });
    const answer = await clientOf(api.socketPath).post('/v1/requests', {}, 2_000, never);
    expect(answer).toMatchObject({ ok: false, error: { kind: 'no-answer' } });
  });

  test('gives up at its deadline, and then the request may have been taken', async () => {
    await using api = await FakeApi.start({ 'POST /v1/requests': 'silent' });
    const answer = await clientOf(api.socketPath).post('/v1/requests', {}, 100, never);
    expect(answer).toMatchObject({
      ok: false,
      error: { kind: 'no-answer', problem: expect.stringContaining('100 ms') },
    });
  });

  test('says so when the other side speaks no JSON', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'));
    const port = await new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve(portOf(server))));
    try {
      const answer = await createApiClient({ kind: 'url', url: new URL(`http://127.0.0.1:${port}`) }, realClock).get(
        '/',
        2_000,
        never,
      );
      expect(answer).toMatchObject({
        ok: false,
        error: { kind: 'not-understood', problem: expect.stringContaining('hello') },
      });
    } finally {
      server.close();
    }
  });
});

const portOf = (server: ReturnType<typeof createServer>): number => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return address.port;
};

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve(portOf(server))));
  await new Promise((resolve) => server.close(resolve));
  return port;
}
