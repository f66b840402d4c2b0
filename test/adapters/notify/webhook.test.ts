/** Webhooks against a receiver that takes, refuses, hangs, is slow and hears the same thing twice. */
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { err, ok } from '../../../src/core/result.ts';
import { HttpReceiver } from '../../support/http-receiver.ts';
import { aNotifier, anOverNotice, aStartedNotice, aWebhook, deadline, nowWall } from './a-notice.ts';

test('a webhook gets a CloudEvent with the key, signed over the timestamp and the body', async () => {
  await using receiver = await HttpReceiver.start();
  const notifier = aNotifier({ secrets: new Map([['hook-key', ok('s3cret')]]) });
  expect(await notifier.deliver(aWebhook(`${receiver.url}/in`, 'hook-key'), anOverNotice, deadline(5_000))).toEqual(
    ok({ remark: null }),
  );
  const [request] = receiver.requests;
  const timestamp = String(Math.floor(nowWall / 1_000));
  expect(request?.path).toBe('/in');
  expect(request?.headers).toMatchObject({
    'content-type': 'application/cloudevents+json',
    'idempotency-key': anOverNotice.key,
    'x-baton-timestamp': timestamp,
    'x-baton-signature': `sha256=${createHmac('sha256', 's3cret').update(`${timestamp}.${request?.body}`).digest('hex')}`,
  });
  expect(JSON.parse(request?.body ?? '')).toMatchObject({
    specversion: '1.0',
    id: anOverNotice.key,
    type: 'baton.notice.over',
    data: { over: true, loss: { lost: 'not-known' } },
  });
});

test('without a secret it is not signed', async () => {
  await using receiver = await HttpReceiver.start();
  await aNotifier().deliver(aWebhook(receiver.url), anOverNotice, deadline(5_000));
  expect(receiver.requests[0]?.headers).not.toHaveProperty('x-baton-signature');
});

test('the same notice has the same body and key each time, another notice has another', async () => {
  await using receiver = await HttpReceiver.start();
  const notifier = aNotifier();
  for (const notice of [anOverNotice, anOverNotice, aStartedNotice])
    await notifier.deliver(aWebhook(receiver.url), notice, deadline(5_000));
  const [one, again, other] = receiver.requests;
  expect(again?.body).toBe(one?.body);
  expect(again?.headers['idempotency-key']).toBe(one?.headers['idempotency-key']);
  expect(other?.headers['idempotency-key']).not.toBe(one?.headers['idempotency-key']);
  expect(receiver.taken.size).toBe(2);
});

describe('what a receiver answers', () => {
  test.each<[number, 'passing' | 'lasting' | 'sent', RegExp]>([
    [200, 'sent', /^$/],
    [202, 'sent', /^$/],
    [302, 'lasting', /answered 302 and points to http:\/\/elsewhere\/: redirects are not followed/],
    [400, 'lasting', /answered 400: "no thanks", which it will do again until/],
    [401, 'lasting', /answered 401/],
    [408, 'passing', /answered 408/],
    [425, 'passing', /answered 425/],
    [429, 'passing', /answered 429/],
    [500, 'passing', /answered 500: "no thanks"$/],
    [503, 'passing', /answered 503/],
  ])('%i is %s', async (status, kind, problem) => {
    const headers = { location: 'http://elsewhere/' };
    const body = status < 300 ? '' : 'no\u0000\n thanks';
    await using receiver = await HttpReceiver.start(() => ({ status, body, headers }));
    const result = await aNotifier().deliver(aWebhook(receiver.url), anOverNotice, deadline(5_000));
    expect(receiver.requests).toHaveLength(1);
    if (result.ok) expect(kind).toBe('sent');
    else expect(result.error).toEqual({ kind, problem: expect.stringMatching(problem) });
  });

  test('an endless answer is not read to its end', async () => {
    await using receiver = await HttpReceiver.start(() => ({ status: 500, body: 'x'.repeat(5_000_000) }));
    const result = await aNotifier().deliver(aWebhook(receiver.url), anOverNotice, deadline(5_000));
    expect(result.ok ? '' : result.error.problem.length).toBeLessThan(300);
  });
});

test('a receiver that hangs is left at the deadline', async () => {
  await using receiver = await HttpReceiver.start(() => 'hang');
  const stop = new AbortController();
  const attempt = aNotifier().deliver(aWebhook(receiver.url), anOverNotice, stop.signal);
  await expect.poll(() => receiver.requests.length).toBe(1);
  stop.abort(new Error('no answer within 10 s'));
  expect(await attempt).toEqual(
    err({ kind: 'passing', problem: `${new URL(receiver.url).host}: no answer within 10 s` }),
  );
});

test('nobody listening is a passing problem that names the address', async () => {
  const receiver = await HttpReceiver.start();
  const { url } = receiver;
  await receiver[Symbol.asyncDispose]();
  const result = await aNotifier().deliver(aWebhook(url), anOverNotice, deadline(5_000));
  expect(result).toEqual(err({ kind: 'passing', problem: expect.stringMatching(/^127\.0\.0\.1:\d+: .*ECONNREFUSED/) }));
});

test('a host without the secret sends nothing and says what to add', async () => {
  await using receiver = await HttpReceiver.start();
  const channel = aWebhook(receiver.url, 'hook-key');
  const problem = 'this host has no secret hook-key: add it to notify.secrets and restart batond';
  expect(aNotifier().obstacle(channel)).toBe(problem);
  expect(await aNotifier().deliver(channel, anOverNotice, deadline(5_000))).toEqual(err({ kind: 'lasting', problem }));
  const unreadable = aNotifier({ secrets: new Map([['hook-key', err('/x can be read by others')]]) });
  expect(unreadable.obstacle(channel)).toMatch(/the secret hook-key of this host: \/x can be read by others; mend it/);
  expect(receiver.requests).toHaveLength(0);
});

test('a connection that is closed without an answer is a passing problem', async () => {
  await using receiver = await HttpReceiver.start(() => 'hang');
  const attempt = aNotifier().deliver(aWebhook(receiver.url), anOverNotice, deadline(5_000));
  await expect.poll(() => receiver.requests.length).toBe(1);
  await receiver[Symbol.asyncDispose]();
  expect(await attempt).toMatchObject({ ok: false, error: { kind: 'passing' } });
});
