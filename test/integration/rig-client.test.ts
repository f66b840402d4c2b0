import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CheckingClient } from '../../scripts/rig/client.ts';
import { monoNow } from '../../scripts/rig/rig-member.ts';
import { connect } from '../../scripts/rig/writable-session.ts';
import { type PlainPostgres, startPlainPostgres } from '../support/plain-postgres.ts';

let readOnly: PlainPostgres;
let writable: PlainPostgres;

beforeAll(async () => {
  readOnly = await startPlainPostgres('read-only', ['default_transaction_read_only=on']);
  writable = await startPlainPostgres('writable');
});
afterAll(async () => {
  await readOnly?.[Symbol.asyncDispose]();
  await writable?.[Symbol.asyncDispose]();
});

/** A client with four writers that lists the read-only server first. */
const aClient = () => new CheckingClient({ endpoints: [readOnly.endpoint, writable.endpoint], writers: 4 });

async function run(sql: string, values: readonly unknown[]): Promise<void> {
  const session = await connect(writable.endpoint, 2_000, true);
  if (session === null) throw new Error('the writable server does not answer');
  await session.client.query(sql, [...values]).finally(() => session.drop());
}

describe('the checking client', () => {
  test('writes to the server that takes writes and finds every acknowledged row there', async () => {
    await using client = aClient();
    await client.start(10_000);
    await client.untilMore(200, 20_000);
    await client.stop();
    const verdict = await client.verify(writable.endpoint);
    expect(verdict).toMatchObject({ missing: 0, doubled: 0, foreign: 0, acknowledged: client.acknowledgedCount });
    expect(verdict.acknowledged).toBeGreaterThanOrEqual(200);
  });

  test('sees an outage, goes on after it, and calls the rows under way unknown', async () => {
    await using client = aClient();
    await client.start(10_000);
    await client.untilMore(100, 20_000);
    const killedMono = monoNow();
    await writable.kill();
    await writable.start();
    await client.untilMore(100, 20_000);
    await client.stop();
    const [outage] = client.outages(killedMono);
    expect(outage?.fromMono).toBeGreaterThan(killedMono - 1_000);
    expect(outage?.lengthMs).toBeGreaterThanOrEqual(50);
    expect(client.unknownCount).toBeGreaterThanOrEqual(1);
    expect(client.unknownCount).toBeLessThanOrEqual(8);
    expect(await client.verify(writable.endpoint)).toMatchObject({ missing: 0, doubled: 0, foreign: 0 });
  });

  test('leaves a server that holds the connection and says nothing', async () => {
    await using client = new CheckingClient({ endpoints: [writable.endpoint], writers: 1, silenceMs: 200 });
    await client.start(10_000);
    await client.untilMore(10, 20_000);
    const locker = await connect(writable.endpoint, 2_000, true);
    await locker?.client.query('BEGIN');
    await locker?.client.query('LOCK TABLE baton_writes IN EXCLUSIVE MODE');
    const lockedMono = monoNow();
    while (client.problems.length < 2) await locker?.client.query('SELECT 1');
    locker?.drop();
    await client.untilMore(10, 20_000);
    await client.stop();
    expect(client.outages(lockedMono)[0]?.lengthMs).toBeGreaterThanOrEqual(200);
    expect(client.unknownCount).toBeGreaterThanOrEqual(2);
    expect((await client.verify(writable.endpoint)).missing).toBe(0);
  });

  test('names rows that are missing, doubled or not its own', async () => {
    // One writer: it has surely written its third row once fifty are acknowledged.
    await using client = new CheckingClient({ endpoints: [readOnly.endpoint, writable.endpoint], writers: 1 });
    await client.start(10_000);
    await client.untilMore(50, 20_000);
    await client.stop();
    await run('DELETE FROM baton_writes WHERE run = $1 AND writer = 0 AND seq = 3', [client.run]);
    await run('INSERT INTO baton_writes VALUES ($1, 0, 2), ($1, 0, 1000000)', [client.run]);
    const verdict = await client.verify(writable.endpoint);
    expect(verdict).toMatchObject({ missing: 1, doubled: 1, foreign: 1 });
    expect(verdict.examples).toEqual(['doubled 0/2', 'missing 0/3', 'foreign 0/1000000']);
  });

  test('a table without any of its rows lacks all of them', async () => {
    await using client = aClient();
    await client.start(10_000);
    await client.untilMore(50, 20_000);
    await client.stop();
    await run('DELETE FROM baton_writes WHERE run = $1', [client.run]);
    const verdict = await client.verify(writable.endpoint);
    expect(verdict.missing).toBe(client.acknowledgedCount);
    expect(verdict.examples).toHaveLength(20);
  });

  test('says so when no server takes writes', async () => {
    const client = new CheckingClient({ endpoints: [readOnly.endpoint] });
    await expect(client.start(300)).rejects.toThrow('no server took writes within 300 ms');
  });
});
