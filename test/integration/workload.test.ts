/** The clients and the checker of the chaos runs on one real PostgreSQL: they find what is done behind its back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isClean, longestGapMs } from '../../scripts/chaos/workload/verdict.ts';
import { startWorkload, type Workload } from '../../scripts/chaos/workload/workload.ts';
import { monoNow } from '../../scripts/rig/rig-member.ts';
import { connect } from '../../scripts/rig/writable-session.ts';
import { type PlainPostgres, startPlainPostgres } from '../support/plain-postgres.ts';

let server: PlainPostgres;
beforeAll(async () => {
  server = await startPlainPostgres('a');
});
afterAll(() => server?.[Symbol.asyncDispose]());

const aWorkload = (): Promise<Workload> => startWorkload({ targets: [server.endpoint], seed: 1, pauseMs: 5 });

async function run(sql: string): Promise<void> {
  const session = await connect(server.endpoint, 2_000, true);
  if (session === null) throw new Error('the server does not answer');
  await session.client.query(sql).finally(() => session.drop());
}

describe('the workload', () => {
  test('writes, reads and pipelines, and finds nothing wrong where nothing is', async () => {
    await using workload = await aWorkload();
    await workload.untilMore(500, 20_000);
    const verdict = await workload.stop();
    expect(verdict.examples).toEqual([]);
    expect(isClean(verdict)).toBe(true);
    expect(verdict.counts.acknowledged).toBeGreaterThanOrEqual(500);
    expect(verdict.counts.reads).toBeGreaterThan(100);
    expect(verdict.counts).toMatchObject({ failed: 0, unknown: 0 });
    expect(verdict.servers).toMatchObject([{ target: 'a', timeline: 1 }]);
  });

  test('finds rows that are deleted, doubled and forged, and money that vanishes', async () => {
    await using workload = await aWorkload();
    await workload.untilMore(500, 20_000);
    await run(`
      WITH gone AS (DELETE FROM chaos_inserts WHERE ctid IN
        (SELECT ctid FROM chaos_inserts WHERE run = ${workload.run} ORDER BY id LIMIT 3)) SELECT;
      INSERT INTO chaos_inserts SELECT run, id FROM chaos_inserts WHERE run = ${workload.run} ORDER BY id OFFSET 5 LIMIT 1;
      INSERT INTO chaos_transfers VALUES (${workload.run}, 2000000000);
      UPDATE chaos_accounts SET balance = balance - 1 WHERE run = ${workload.run} AND account = 0`);
    await workload.untilMore(200, 20_000);
    const { anomalies, examples } = await workload.stop();
    expect(anomalies, examples.join('\n')).toMatchObject({ missing: 3, doubled: 1, foreign: 1 });
    expect(anomalies.brokenBalances).toBeGreaterThanOrEqual(2); // The account in the end, and the reads before it.
  });

  test('finds a list that was cut and one that was turned round', async () => {
    await using workload = await aWorkload();
    await workload.untilMore(500, 20_000);
    await run(`
      UPDATE chaos_lists SET items = items[1:array_length(items, 1) - 1] WHERE run = ${workload.run} AND list = 0;
      UPDATE chaos_lists SET items = items[2:2] || items[1:1] || items[3:] WHERE run = ${workload.run} AND list = 1`);
    const { anomalies, examples } = await workload.stop();
    expect(anomalies.missing + anomalies.readThenLost, examples.join('\n')).toBeGreaterThanOrEqual(1);
    expect(anomalies.twoOrders, examples.join('\n')).toBeGreaterThanOrEqual(1);
  });

  test('a crash is an outage: what was under way is unknown, and the server after it is another', async () => {
    await using workload = await aWorkload();
    await workload.untilMore(200, 20_000);
    const killedMono = monoNow();
    await server.kill();
    await server.start();
    await workload.untilMore(200, 20_000);
    const verdict = await workload.stop();
    expect(verdict.examples).toEqual([]);
    expect(longestGapMs(verdict, killedMono, monoNow())).toBeGreaterThanOrEqual(50);
    expect(verdict.servers).toHaveLength(2);
  });

  test('a cancelled wait for a standby acknowledges nothing: its outcome is unknown', async () => {
    await using workload = await aWorkload();
    await workload.untilMore(50, 20_000);
    await run(`ALTER SYSTEM SET synchronous_standby_names = 'nobody'`);
    await run('SELECT pg_reload_conf()');
    const waiting = `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE wait_event = 'SyncRep'`;
    await untilTrue(async () => (await askNumber(waiting)) >= 4);
    await run(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`);
    await run(`ALTER SYSTEM RESET synchronous_standby_names`);
    await run('SELECT pg_reload_conf()');
    await workload.untilMore(50, 20_000);
    const verdict = await workload.stop();
    expect(verdict.examples).toEqual([]);
    expect(verdict.counts.unknownPresent).toBeGreaterThanOrEqual(1);
  });

  test('says so when no server takes writes', async () => {
    const nobody = { ...server.endpoint, port: 1 };
    await expect(startWorkload({ targets: [nobody], seed: 1, startLimitMs: 200 })).rejects.toThrow(
      'no member took writes within 200 ms',
    );
  });
});

async function askNumber(sql: string): Promise<number> {
  const session = await connect(server.endpoint, 2_000, false);
  if (session === null) throw new Error('the server does not answer');
  const { rows } = await session.client.query<{ waiting: number }>(sql).finally(() => session.drop());
  return rows[0]?.waiting ?? 0;
}

async function untilTrue(fact: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await fact())) if (performance.now() > deadline) throw new Error('not within 10 s');
}
