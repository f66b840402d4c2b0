import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createPostgres } from '../../src/adapters/postgres/create-postgres.ts';
import { onto } from '../support/onto.ts';
import {
  aPrimary,
  aStandby,
  binDir,
  eventually,
  must,
  never,
  newCopy,
  type RealPostgres,
  streams,
} from '../support/real-postgres.ts';

const noWaits = { names: [], nobody: false };

async function promoted(standby: RealPostgres): Promise<void> {
  must(await standby.postgres.promote(onto(2), noWaits, () => true, never));
  must(await standby.postgres.furnish([], never));
}

/** What the daemon of a primary does after its promotion: the slots, and the checkpoint without which nothing rewinds. */
async function furnishedFor(server: RealPostgres, ...members: RealPostgres[]): Promise<void> {
  must(
    await server.postgres.furnish(
      members.map((member) => member.options.member),
      never,
    ),
  );
  must(await server.postgres.checkpoint(never));
}

const copyOf = async (server: RealPostgres) => {
  const found = await server.postgres.inspect(5_000);
  if (found.kind !== 'present') throw new Error(JSON.stringify(found));
  return found.data.copyId;
};

const rejoin = (
  server: RealPostgres,
  leader: RealPostgres,
  signal = never,
  progress: (text: string) => void = () => undefined,
) => server.postgres.rejoin(leader.upstream, [], newCopy(), signal, progress);

async function startsFollowing(server: RealPostgres, leader: RealPostgres): Promise<void> {
  await server.start(must(await server.postgres.prepareStandby(leader.upstream)));
  await streams(server, leader);
  leader.sql('CREATE TABLE IF NOT EXISTS arrives ()');
  await eventually(
    async () => (server.sql("SELECT count(*) FROM pg_class WHERE relname = 'arrives'") === '1' ? true : null),
    'the stream brings what is new',
  );
}

describe('a former primary', () => {
  test('follows as the same copy when it was stopped cleanly and its successor has everything', async () => {
    await using a = await aPrimary('a', ['b']);
    await using b = await aStandby('b', a);
    const copy = await a.postgres.look(1_000);
    await a.stop();
    const stopped = await a.postgres.inspect(5_000);
    if (stopped.kind !== 'present') throw new Error('no data');
    await eventually(async () => {
      const look = await b.postgres.look(1_000);
      return look.kind === 'standby' && look.replayLsn > stopped.data.checkpointLsn ? true : null;
    }, 'the shutdown record is replayed');
    await promoted(b);
    await furnishedFor(b, a);
    expect(must(await rejoin(a, b))).toMatchObject({ how: 'followed' });
    expect(await copyOf(a)).toBe(copy.kind === 'primary' ? copy.copyId : 'none');
    expect(existsSync(join(a.dataDir, 'standby.signal'))).toBe(true);
    await startsFollowing(a, b);
  });

  test('that diverged is rewound as a new copy, after what diverged was saved', async () => {
    await using a = await aPrimary('a', ['b']);
    await using b = await aStandby('b', a);
    await diverge(a, b);
    await furnishedFor(b, a);
    const copy = await copyOf(a);
    writeFileSync(join(a.dataDir, 'postgresql.auto.conf'), "work_mem = '5MB'\n");
    const said: string[] = [];
    expect(must(await rejoin(a, b, never, (text) => said.push(text)))).toMatchObject({ how: 'rewound' });
    expect(said).toContain('rewinding to b');
    expect(await copyOf(a)).not.toBe(copy);
    expect(await copyOf(a)).not.toBeNull();
    const [saved] = readdirSync(join(a.options.stateDir, 'diverged'));
    const directory = join(a.options.stateDir, 'diverged', saved!);
    expect(readdirSync(join(directory, 'pg_wal'))).toContain('000000010000000000000003');
    expect(readFileSync(join(directory, 'postgresql.conf'), 'utf8')).toContain(String(a.upstream.port));
    expect(readdirSync(dirname(a.dataDir)).toSorted()).toEqual(['data', 'state']); // no mark, nothing half made
    expect(await a.postgres.inspect(5_000)).toMatchObject({ data: { unstartable: null, standbySignal: true } });
    await startsFollowing(a, b);
    expect(a.sql("SELECT count(*) FROM pg_class WHERE relname = 'only_on_a'")).toBe('0');
    expect(a.sql("SELECT count(*) FROM pg_class WHERE relname = 'only_on_b'")).toBe('1');
    expect(a.sql('SHOW work_mem')).toBe('5MB');
    expect(a.sql('SHOW port')).toBe(String(a.upstream.port));
  });

  test('is rewound although the number of its dead postmaster still exists', async () => {
    await using a = await aPrimary('a', ['b']);
    await using b = await aStandby('b', a);
    await diverge(a, b);
    await furnishedFor(b, a);
    const stranger = spawn('/bin/sleep', ['60'], { cwd: '/', stdio: 'ignore' });
    try {
      await once(stranger, 'spawn');
      const lock = join(a.dataDir, 'postmaster.pid');
      writeFileSync(lock, readFileSync(lock, 'utf8').replace(/^\d+/, String(stranger.pid)));
      expect(must(await rejoin(a, b))).toMatchObject({ how: 'rewound' });
    } finally {
      stranger.kill('SIGKILL');
    }
    await startsFollowing(a, b);
  });

  test("waits for the new primary's checkpoint before it rewinds", async () => {
    await using a = await aPrimary('a', ['b']);
    await using b = await aStandby('b', a);
    const checkpointer = Number(b.sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"));
    process.kill(checkpointer, 'SIGSTOP');
    await diverge(a, b);
    must(await b.postgres.furnish([a.options.member], never));
    const said: string[] = [];
    const rejoining = rejoin(a, b, never, (text) => said.push(text));
    await eventually(
      async () => (said.includes('the leader has made no checkpoint on timeline 2 yet') ? true : null),
      'it waits',
    );
    process.kill(checkpointer, 'SIGCONT');
    must(await b.postgres.checkpoint(never));
    expect(must(await rejoining)).toMatchObject({ how: 'rewound' });
  });

  test('cannot be started while a rewind of it was interrupted, and is then cloned', async () => {
    await using a = await aPrimary('a', ['b']);
    await using b = await aStandby('b', a);
    await diverge(a, b);
    await furnishedFor(b, a);
    // The rewind ends and its end is never learned of: the moment in which nothing in the directory forbids a start.
    const done = join(a.options.stateDir, 'rewind-done');
    const slow = createPostgres({ ...a.options, binDir: programsWith(a, 'pg_rewind', `touch ${done}; sleep 60`) });
    const abort = new AbortController();
    const rejoining = slow.rejoin(b.upstream, [], newCopy(), abort.signal, () => undefined);
    await eventually(async () => (existsSync(done) ? true : null), 'pg_rewind has ended');
    abort.abort(new Error('fenced'));
    expect(await rejoining).toMatchObject({ ok: false });
    expect(existsSync(join(a.dataDir, 'standby.signal'))).toBe(false);
    expect(existsSync(join(a.dataDir, 'baton.unstartable'))).toBe(false); // pg_rewind took it
    expect(await a.postgres.inspect(5_000)).toMatchObject({
      data: { unstartable: expect.stringContaining('rewind to b did not end') },
    });
    expect(await a.postgres.prepareStandby(b.upstream)).toMatchObject({ ok: false, error: { retryable: false } });
    expect(await a.postgres.preparePrimary(noWaits, 'everybody')).toMatchObject({ ok: false });
    expect(must(await rejoin(a, b))).toMatchObject({ how: 'cloned' });
    expect(await a.postgres.inspect(5_000)).toMatchObject({ data: { unstartable: null } });
    await startsFollowing(a, b);
  });

  test('is cloned when pg_rewind fails, and what diverged is still saved', async () => {
    await using a = await aPrimary('a', ['b']);
    await using b = await aStandby('b', a);
    await diverge(a, b);
    await furnishedFor(b, a);
    const broken = createPostgres({
      ...a.options,
      binDir: programsWith(a, 'pg_rewind', 'echo disk on fire >&2; exit 1'),
    });
    expect(must(await broken.rejoin(b.upstream, [], newCopy(), never, () => undefined))).toMatchObject({
      how: 'cloned',
    });
    expect(a.logged.join('\n')).toContain('disk on fire');
    expect(readdirSync(join(a.options.stateDir, 'diverged'))).toHaveLength(1);
    expect(readdirSync(dirname(a.dataDir)).filter((name) => name.startsWith('data.old-'))).toHaveLength(1);
    await startsFollowing(a, b);
  });

  test('is cloned when both were promoted to one timeline number', async () => {
    await using a = await aPrimary('a', ['b', 'c']);
    await using b = await aStandby('b', a);
    await using c = await aStandby('c', a);
    await a.stop();
    await promoted(b);
    await b.stop();
    await promoted(c);
    await furnishedFor(c, b);
    expect(await c.postgres.look(1_000)).toMatchObject({ timeline: 2 });
    expect(await b.postgres.inspect(5_000)).toMatchObject({ data: { timeline: 2 } });
    const history = (server: RealPostgres) => readFileSync(join(server.dataDir, 'pg_wal', '00000002.history'), 'utf8');
    expect(history(b)).toBe(history(c)); // nothing but the first record tells them apart
    expect(must(await rejoin(b, c))).toMatchObject({ how: 'cloned' });
    expect(b.logged.join('\n')).toContain('come from different promotions');
    await startsFollowing(b, c);
  });
});

describe('a standby', () => {
  test('that was only stopped goes on as the same copy', async () => {
    await using a = await aPrimary('a', ['b']);
    await using b = await aStandby('b', a);
    await b.stop();
    const copy = await copyOf(b);
    expect(must(await rejoin(b, a))).toMatchObject({ how: 'followed' });
    expect(await copyOf(b)).toBe(copy);
    await startsFollowing(b, a);
  });

  test('that fell so far behind that the leader no longer has its WAL is cloned', async () => {
    await using a = await aPrimary('a', ['b']);
    await using b = await aStandby('b', a);
    await b.stop();
    a.sql("SELECT pg_drop_replication_slot('baton_b')");
    for (let round = 0; round < 6; round += 1)
      a.sql('SELECT pg_switch_wal(); CREATE TABLE more(); DROP TABLE more; CHECKPOINT');
    expect(must(await rejoin(b, a))).toMatchObject({ how: 'cloned' });
    expect(b.logged.join('\n')).toContain('no longer has the WAL');
    must(await a.postgres.furnish([b.options.member], never));
    await startsFollowing(b, a);
  });

  test('is not started as a primary: it has to be promoted', async () => {
    await using a = await aPrimary('a', ['b']);
    await using b = await aStandby('b', a);
    await b.stop();
    expect(await b.postgres.preparePrimary(noWaits, 'everybody')).toMatchObject({
      ok: false,
      error: { retryable: false },
    });
    expect(existsSync(join(b.dataDir, 'standby.signal'))).toBe(true);
  });

  test("whose directory is a copy of another member's becomes a copy of its own", async () => {
    await using a = await aPrimary('a', ['b']);
    await using b = await aStandby('b', a);
    await b.stop();
    writeFileSync(join(b.dataDir, 'baton.copy'), JSON.stringify({ member: 'c', copyId: '00000001' }));
    expect(await copyOf(b)).toBeNull();
    expect(await b.postgres.prepareStandby(a.upstream)).toMatchObject({ ok: false });
    expect(must(await rejoin(b, a))).toMatchObject({ how: 'followed' });
    expect(await copyOf(b)).toMatch(/^[0-9a-f]{8}$/);
  });

  test('is not touched while its server runs', async () => {
    await using a = await aPrimary('a', ['b']);
    await using b = await aStandby('b', a);
    const before = statSync(b.dataDir).ino;
    expect(await rejoin(b, a)).toMatchObject({
      ok: false,
      error: { problem: expect.stringContaining(`process ${b.pid()}`) },
    });
    expect(statSync(b.dataDir).ino).toBe(before);
  });
});

/** a writes what b never receives; b is promoted; a is killed. */
async function diverge(a: RealPostgres, b: RealPostgres): Promise<void> {
  must(await b.postgres.follow(null, never));
  a.sql('CREATE TABLE only_on_a AS SELECT generate_series(1, 1000)');
  await a.kill();
  must(await b.postgres.promote(onto(2), noWaits, () => true, never));
  b.sql('CREATE TABLE only_on_b ()');
}

/** PostgreSQL's programs, one of which does its work and then something else. */
function programsWith(server: RealPostgres, program: string, afterwards: string): string {
  const directory = join(server.options.stateDir, 'programs');
  mkdirSync(directory);
  for (const name of readdirSync(binDir)) {
    if (name !== program) symlinkSync(join(binDir, name), join(directory, name));
  }
  writeFileSync(join(directory, program), `#!/bin/sh\n${join(binDir, program)} "$@" || exit\n${afterwards}\n`, {
    mode: 0o755,
  });
  return directory;
}
