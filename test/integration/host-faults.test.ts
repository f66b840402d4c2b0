/** The library of disk and clock faults does to a real PostgreSQL what it says, and lets go when it is told to. */
import { mkdtempSync, chmodSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { compileHostFaults, HostFaults } from '../../scripts/chaos/disk/host-faults.ts';
import { connect, type Session } from '../../scripts/rig/writable-session.ts';
import { type PlainPostgres, startPlainPostgres } from '../support/plain-postgres.ts';

const realBinDir = '/usr/lib/postgresql/15/bin';
const directory = mkdtempSync(join(realpathSync(tmpdir()), 'baton-faults-'));
chmodSync(directory, 0o755);
const compiled = compileHostFaults(directory);

describe.skipIf('problem' in compiled)('a host with faults', () => {
  let faults: HostFaults;
  let server: PlainPostgres;
  beforeAll(async () => {
    if ('problem' in compiled) return;
    faults = new HostFaults(compiled.library, join(directory, 'a'), realBinDir);
    server = await startPlainPostgres('a', ['fsync=on', 'restart_after_crash=off'], faults.binDir);
    await run('CREATE TABLE rows (id int)');
  });
  afterEach(async () => {
    faults.disk({});
    faults.clock(0);
    await server.kill();
    await server.start();
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  async function open(): Promise<Session> {
    const session = await connect(server.endpoint, 5_000, false);
    if (session === null) throw new Error('the server does not answer');
    return session;
  }
  async function run(sql: string): Promise<Record<string, unknown>[]> {
    const session = await open();
    return session.client
      .query(sql)
      .then(({ rows }) => rows)
      .finally(() => session.drop());
  }
  const insert = () => run('INSERT INTO rows VALUES (1)');

  test('syncs slowly', async () => {
    const quickMs = await took(insert);
    faults.disk({ syncDelayMs: 300 });
    expect(await took(insert)).toBeGreaterThanOrEqual(300);
    faults.disk({});
    expect(Math.min(await took(insert), quickMs)).toBeLessThan(300);
  });

  test('hangs in a sync, answers meanwhile what needs none, and goes on when it is let go', async () => {
    faults.disk({ syncDelayMs: 'hangs' });
    let committed = false;
    const hanging = insert().then(() => {
      committed = true;
    });
    for (let asked = 0; asked < 20; asked++) await run('SELECT 1');
    expect(committed).toBe(false);
    faults.disk({});
    await hanging;
  });

  test('a sync that fails ends the server', async () => {
    faults.disk({ syncError: 'EIO' });
    await expect(insert()).rejects.toThrow();
    await expect.poll(() => run('SELECT 1').then(Boolean, () => false), { timeout: 10_000 }).toBe(false);
  });

  test('a disk that cannot be written to fails what writes; a new session would write too', async () => {
    const session = await open();
    const one = () => session.client.query('SELECT 1 AS one'); // Opens, the first time, what it needs of the catalog.
    await one();
    faults.disk({ writeError: 'EROFS', changeError: 'EROFS' });
    expect((await one()).rows).toEqual([{ one: 1 }]);
    await expect(session.client.query('CREATE TABLE more (id int)')).rejects.toThrow('Read-only file system');
    await expect(open()).rejects.toThrow('does not answer');
    session.drop();
  });

  test('the wall clock is stepped for a running server, and back', async () => {
    const offMs = async () => {
      const [row] = await run('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now');
      return Number(row?.['now']) - Date.now();
    };
    faults.clock(3_600_000);
    expect(await offMs()).toBeCloseTo(3_600_000, -4);
    faults.clock(-3_600_000);
    expect(await offMs()).toBeCloseTo(-3_600_000, -4);
    faults.clock(0);
    expect(await offMs()).toBeCloseTo(0, -4);
  });
});

async function took(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
