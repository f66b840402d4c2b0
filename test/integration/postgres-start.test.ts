import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createPostgres } from '../../src/adapters/postgres/create-postgres.ts';
import { aPostgres, aPrimary, binDir, must, never, newCopy } from '../support/real-postgres.ts';

describe('a new cluster', () => {
  test('initdb makes a data directory with checksums and the copy id, and the server starts as a primary', async () => {
    await using server = await aPostgres('a');
    const copy = newCopy();
    expect(await server.postgres.inspect(5_000)).toEqual({ kind: 'absent' });
    const systemIdentifier = must(await server.postgres.initialize(copy, never));
    const found = await server.postgres.inspect(5_000);
    expect(found).toMatchObject({
      kind: 'present',
      data: {
        systemIdentifier,
        copyId: copy,
        timeline: 1,
        clusterState: 'shut down',
        standbySignal: false,
        unstartable: null,
      },
    });
    const command = must(await server.postgres.preparePrimary({ names: [], nobody: false }, 'everybody'));
    const look = await server.start(command);
    expect(look).toMatchObject({
      kind: 'primary',
      systemIdentifier,
      copyId: copy,
      timeline: 1,
      checkpointTimeline: 1,
      admits: 'everybody',
      waitsFor: [],
      waitsForNobody: false,
      warnings: [],
    });
    expect(server.sql('SHOW data_checksums')).toBe('on');
    expect(server.sql('SHOW synchronous_commit')).toBe('on');
  });

  test('no password is in an argument, an environment or a file that others can read', async () => {
    await using server = await aPrimary('a', ['b']);
    expect(readFileSync(join(server.dataDir, 'postgresql.conf'), 'utf8')).not.toMatch(/secret/);
    const passFile = join(server.options.stateDir, 'pgpass');
    expect(statSync(passFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(passFile, 'utf8')).toContain("*:*:*:replicator:it's\\: a \\\\secret");
    expect(
      server.sql("SELECT rolpassword LIKE 'SCRAM-SHA-256$4096:%' FROM pg_authid WHERE rolname = 'replicator'"),
    ).toBe('t');
    await server.stop();
    const command = must(await server.postgres.preparePrimary({ names: [], nobody: false }, 'everybody'));
    expect(JSON.stringify(command)).not.toMatch(/secret/);
  });

  test('an aborted initdb leaves nothing that hinders the next', async () => {
    await using server = await aPostgres('a');
    const abort = new AbortController();
    const first = server.postgres.initialize(newCopy(), abort.signal);
    setTimeout(() => abort.abort(new Error('fenced')), 150);
    expect(await first).toMatchObject({ ok: false, error: { problem: expect.stringContaining('fenced') } });
    expect(readdirSync(dirname(server.dataDir))).toEqual(['state']);
    must(await server.postgres.initialize(newCopy(), never));
  });

  test('a directory that is not empty is left as it is', async () => {
    await using server = await aPostgres('a');
    mkdirSync(server.dataDir);
    writeFileSync(join(server.dataDir, 'precious'), 'data');
    expect(await server.postgres.initialize(newCopy(), never)).toMatchObject({
      ok: false,
      error: { retryable: false },
    });
    expect(readFileSync(join(server.dataDir, 'precious'), 'utf8')).toBe('data');
  });
});

describe('what commits wait for', () => {
  test('a primary that starts with waiting for nobody acknowledges no commit and says that it waits', async () => {
    await using server = await aPostgres('a');
    must(await server.postgres.initialize(newCopy(), never));
    const look = await server.start(
      must(await server.postgres.preparePrimary({ names: [], nobody: true }, 'baton-only')),
    );
    expect(look).toMatchObject({ kind: 'primary', waitsForNobody: true, waitsFor: [], admits: 'baton-only' });
    const probing = server.postgres.writeProbe(1_500);
    await expect
      .poll(async () => {
        const seen = await server.postgres.look(1_000);
        return seen.kind === 'primary' && seen.probeWaits;
      })
      .toBe(true);
    expect(await probing).toMatchObject({ ok: false, outcome: 'timed-out' });
    must(await server.postgres.waitFor({ names: [], nobody: false }, never));
    expect(await server.postgres.writeProbe(2_000)).toMatchObject({ ok: true });
  });

  test('a setting that postgresql.auto.conf overrides is reported and not believed to apply', async () => {
    await using server = await aPrimary('a');
    server.sql("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (x)'");
    server.sql('CREATE ROLE careless; ALTER ROLE careless SET synchronous_commit = off');
    const refused = await server.postgres.waitFor({ names: ['baton_b_00000001'], nobody: false }, never);
    expect(refused).toMatchObject({ ok: false, error: { problem: expect.stringContaining('postgresql.auto.conf') } });
    await server.stop();
    const look = await server.start(
      must(await server.postgres.preparePrimary({ names: [], nobody: false }, 'everybody')),
    );
    const warnings = look.kind === 'primary' ? look.warnings.join('\n') : '';
    expect(warnings).toContain('ALTER SYSTEM RESET synchronous_standby_names');
    expect(warnings).toContain('role careless weakens commits');
    expect(look).toMatchObject({ waitsFor: [], waitsForNobody: false });
  });
});

test('clients are kept out and let in again without a restart, and those that are in are put out', async () => {
  await using server = await aPrimary('a');
  server.sql("CREATE ROLE app LOGIN PASSWORD 'app'");
  const asApp = (sql: string) => server.sql(sql, 'app', 'app');
  const sleeping = promisify(execFile)(
    join(binDir, 'psql'),
    ['-XAtq', '-c', 'SELECT pg_sleep(20)', `host=127.0.0.1 port=${server.upstream.port} user=app dbname=postgres`],
    { env: { PGPASSWORD: 'app' } },
  );
  await expect.poll(() => asApp("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'")).toBe('1');
  const putOut = expect(sleeping).rejects.toThrow('terminating connection');
  must(await server.postgres.admit('baton-only', never));
  await putOut;
  expect(() => asApp('SELECT 1')).toThrow('no pg_hba.conf entry');
  expect(await server.postgres.look(1_000)).toMatchObject({ admits: 'baton-only' });
  must(await server.postgres.admit('everybody', never));
  expect(asApp('SELECT 1')).toBe('1');
  expect(await server.postgres.look(1_000)).toMatchObject({ admits: 'everybody' });
});

test("a wrong line of the user's is named and taken out again, since no server would start with it", async () => {
  await using server = await aPrimary('a');
  const postgres = createPostgres({ ...server.options, hba: ['host all all nonsense-address'] });
  const refused = await postgres.admit('everybody', never);
  expect(refused).toMatchObject({ ok: false, error: { problem: expect.stringContaining('pg_hba.conf line 5') } });
  expect(readFileSync(join(server.dataDir, 'pg_hba.conf'), 'utf8')).not.toContain('nonsense');
  await postgres.letGo();
});

test('a look tells of an archiver that fails and of a base backup: either would hold up a planned stop', async () => {
  await using server = await aPrimary('a', [], {
    parameters: { shared_buffers: '16MB', fsync: 'off', archive_mode: 'on', archive_command: 'false' },
  });
  expect(await server.postgres.look(1_000)).toMatchObject({ archiverFails: false, baseBackups: 0 });
  server.sql('SELECT pg_switch_wal()');
  const target = join(dirname(server.dataDir), 'backup');
  const backup = execFile(
    join(binDir, 'pg_basebackup'),
    ['-D', target, '--max-rate=32k', '-d', `host=127.0.0.1 port=${server.upstream.port} user=replicator`],
    { env: { PGPASSWORD: "it's: a \\secret" } },
  );
  try {
    await expect
      .poll(() => server.postgres.look(1_000), { timeout: 10_000 })
      .toMatchObject({ archiverFails: true, baseBackups: 1 });
  } finally {
    backup.kill('SIGKILL');
  }
  await expect.poll(() => server.postgres.look(1_000), { timeout: 10_000 }).toMatchObject({ baseBackups: 0 });
});

test('slots of members that stay away may hold back a quarter of the disk, and 16 GiB at most', async () => {
  await using server = await aPrimary('a');
  const { blocks, bsize } = statfsSync(server.dataDir);
  const quarterMiB = Math.round((blocks * bsize) / 4 / 1024 ** 2);
  expect(server.sql("SELECT setting FROM pg_settings WHERE name = 'max_slot_wal_keep_size'")).toBe(
    String(Math.min(quarterMiB, 16 * 1024)),
  );
});
