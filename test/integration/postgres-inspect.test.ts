import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runProgram } from '../../src/adapters/postgres/child-process.ts';
import { createPostgres } from '../../src/adapters/postgres/create-postgres.ts';
import { aPostgres, aPrimary, clock, eventually } from '../support/real-postgres.ts';

describe('an inspection', () => {
  test('finds an empty directory absent, and names one that is not empty and holds no data', async () => {
    await using server = await aPostgres('a');
    mkdirSync(server.dataDir);
    expect(await server.postgres.inspect(5_000)).toEqual({ kind: 'absent' });
    writeFileSync(join(server.dataDir, 'notes.txt'), '');
    expect(await server.postgres.inspect(5_000)).toMatchObject({
      kind: 'unusable',
      problem: expect.stringContaining(server.dataDir),
    });
  });

  test('names a missing program, another major version and a directory that it may not read', async () => {
    await using server = await aPrimary('a');
    await server.stop();
    const elsewhere = createPostgres({ ...server.options, binDir: '/nowhere/bin' });
    expect(await elsewhere.inspect(5_000)).toMatchObject({
      kind: 'unusable',
      problem: expect.stringContaining('/nowhere/bin/postgres'),
    });
    writeFileSync(join(server.dataDir, 'PG_VERSION'), '16\n');
    expect(await server.postgres.inspect(5_000)).toMatchObject({
      kind: 'unusable',
      problem: expect.stringMatching(/PostgreSQL 16.* are 15/),
    });
    writeFileSync(join(server.dataDir, 'PG_VERSION'), '9.6\n');
    expect(await server.postgres.inspect(5_000)).toMatchObject({
      kind: 'unusable',
      problem: expect.stringContaining('14 to 18'),
    });
    chmodSync(server.dataDir, 0o000);
    expect(await server.postgres.inspect(5_000)).toMatchObject({
      kind: 'unusable',
      problem: expect.stringContaining('permission denied'),
    });
    chmodSync(server.dataDir, 0o700);
  });

  test('tells a crashed server from one that was shut down, and takes away a request to promote', async () => {
    await using server = await aPrimary('a');
    await server.kill();
    writeFileSync(join(server.dataDir, 'promote'), '');
    expect(await server.postgres.inspect(5_000)).toMatchObject({
      kind: 'present',
      data: { clusterState: 'in production', serverVersion: expect.any(Number) },
    });
    expect(existsSync(join(server.dataDir, 'promote'))).toBe(false);
  });
});

test('a state directory whose socket path the kernel would not take is refused with both lengths', async () => {
  await using server = await aPostgres('a');
  const stateDir = `/tmp/${'x'.repeat(100)}`;
  expect(() => createPostgres({ ...server.options, stateDir })).toThrow(/\d+ bytes, the kernel takes 107/);
});

describe("one of PostgreSQL's programs", () => {
  test('is killed with everything that it started when it is aborted', async () => {
    const directory = mkdtempSync(join(realpathSync(tmpdir()), 'baton-pg-child-'));
    try {
      const pidFile = join(directory, 'pid');
      const abort = new AbortController();
      const running = runProgram({
        binary: '/bin/sh',
        args: ['-c', `sleep 60 & echo $! > ${pidFile}; wait`],
        signal: abort.signal,
      });
      const pid = await eventually(
        async () => (existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) || null : null),
        'it started a child',
      );
      const abortedMono = clock.mono();
      abort.abort(new Error('fenced'));
      await expect(running).rejects.toThrow('fenced');
      expect(clock.mono() - abortedMono).toBeLessThan(2_000);
      await eventually(async () => (isGone(pid) ? true : null), 'the grandchild is gone');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test('keeps the end of what it said, and no more than 16 KiB of it', async () => {
    const { stderr, code } = await runProgram({
      binary: '/bin/sh',
      args: ['-c', 'seq 1 20000 >&2; echo the end >&2; exit 3'],
      signal: new AbortController().signal,
    });
    expect(code).toBe(3);
    expect(stderr.length).toBeLessThanOrEqual(16 * 1024);
    expect(stderr).toMatch(/the end\n$/);
  });
});

/** A zombie that nobody has waited for yet is gone. */
function isGone(pid: number): boolean {
  try {
    return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .startsWith('Z');
  } catch {
    return true;
  }
}

describe('the room on the disk', () => {
  test('is what the file system of the data says, and null while there is no data directory', async () => {
    await using server = await aPostgres('a');
    expect(await server.postgres.room(1_000)).toBeNull();
    mkdirSync(join(server.dataDir, 'pg_wal'), { recursive: true });
    const { bavail, bsize } = statfsSync(server.dataDir);
    const room = await server.postgres.room(1_000);
    expect(room?.walBytes).toBe(room?.dataBytes);
    // Others write to the same file system meanwhile.
    expect(Math.abs((room?.dataBytes ?? 0) - bavail * bsize)).toBeLessThan(1024 ** 3);
  });
});
