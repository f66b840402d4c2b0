import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { HistoryRow } from '../../src/core/cluster.ts';
import { formatLsn, lsn, memberName, timeline } from '../../src/core/units.ts';
import { onto } from '../support/onto.ts';
import { aPrimary, aStandby, clock, eventually, must, never, streams } from '../support/real-postgres.ts';

const noWaits = { names: [], nobody: false };
const always = () => true;
const row = (of: number, forkLsn: bigint, file: string): HistoryRow => ({
  timeline: timeline(of),
  newTimeline: timeline(of + 1),
  lsn: lsn(forkLsn),
  reason: 'promoted by Baton',
  timestamp: '2026-01-01T00:00:00.000Z',
  newLeader: memberName('z'),
  promotionId: 'p',
  historyFile: file,
});

describe('a promotion', () => {
  test('ends with the server out of recovery on a new timeline, whose history it can tell', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    leader.sql('CREATE TABLE kept AS SELECT 1 AS n');
    // Nothing here waits for the standby: what it had not received when the leader was killed is not kept.
    await vi.waitFor(() => expect(standby.sql("SELECT to_regclass('kept')")).toBe('kept'), { timeout: 10_000 });
    await leader.kill();
    must(await standby.postgres.promote(onto(2), noWaits, always, never));
    expect(standby.sql('SELECT count(*) FROM kept')).toBe('1');
    const look = await standby.postgres.look(1_000);
    expect(look).toMatchObject({ kind: 'primary', timeline: 2 });
    const own = must(await standby.postgres.ownHistory());
    expect(own).toMatchObject({ parent: 1, file: expect.stringMatching(/^1\t0\/[0-9A-F]+\t/) });
    expect(own?.file).toContain(formatLsn(own!.forkLsn));
    must(await standby.postgres.checkpoint(never));
    expect(await standby.postgres.look(1_000)).toMatchObject({ checkpointTimeline: 2 });
    expect(existsSync(join(standby.dataDir, 'promote'))).toBe(false);
  });

  test('takes no timeline number that the cluster has used', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    await leader.kill();
    const rows = [
      row(1, 0x300_0000n, '1\t0/3000000\tno recovery target specified\n'),
      row(2, 0x400_0000n, '1\t0/3000000\tx\n\n2\t0/4000000\ty\n'),
    ];
    must(await standby.postgres.promote(onto(4, rows), noWaits, always, never));
    expect(await standby.postgres.look(1_000)).toMatchObject({ kind: 'primary', timeline: 4 });
  });

  test('takes the number that was reserved, though nobody told of the lower ones; a standby follows over the gap', async () => {
    await using leader = await aPrimary('a', ['b', 'c']);
    await using standby = await aStandby('b', leader);
    await using other = await aStandby('c', leader);
    await leader.kill();
    must(await standby.postgres.promote(onto(4), noWaits, always, never));
    expect(await standby.postgres.look(1_000)).toMatchObject({ kind: 'primary', timeline: 4 });
    expect(must(await standby.postgres.ownHistory())).toMatchObject({ parent: 1 });
    must(await standby.postgres.furnish([memberName('c')], never));
    must(await other.postgres.follow(standby.upstream, never));
    await streams(other, standby);
    standby.sql('CREATE TABLE after_the_gap ()');
    await eventually(
      async () => ((await other.postgres.look(1_000)) as { timeline?: number }).timeline === 4 || null,
      'it is on the new timeline',
    );
    await other.stop();
    await other.start(must(await other.postgres.prepareStandby(standby.upstream)));
    await streams(other, standby);
  });

  test('is not begun with a number that was begun here already', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    writeFileSync(join(standby.dataDir, 'pg_wal', '00000002.history'), '1\t0/1234568\tby a promotion that died\n');
    const refused = await standby.postgres.promote(onto(2), noWaits, always, never);
    expect(refused).toMatchObject({ ok: false, error: { problem: expect.stringContaining('was begun in') } });
    must(await standby.postgres.promote(onto(3), noWaits, always, never));
    expect(await standby.postgres.look(1_000)).toMatchObject({ kind: 'primary', timeline: 3 });
  });

  test('that is withdrawn leaves nothing that would keep the standby from starting again', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    const elsewhere = row(1, 0x200_0000n, '1\t0/2000000\tno recovery target specified\n');
    let asked = 0;
    const withdrawn = () => {
      asked += 1;
      return false;
    };
    must(await standby.postgres.standDown(never));
    expect((await standby.postgres.promote(onto(4, [elsewhere]), noWaits, withdrawn, never)).ok).toBe(false);
    expect(asked).toBe(1);
    await standby.stop();
    await standby.start(must(await standby.postgres.prepareStandby(leader.upstream)));
    await streams(standby, leader);
  });

  test('is refused when a timeline here has another history than the cluster knows', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    writeFileSync(join(standby.dataDir, 'pg_wal', '00000002.history'), '1\t0/1234568\tother\n');
    const rows = [row(1, 0x300_0000n, '1\t0/3000000\tx\n'), row(2, 0x400_0000n, '1\t0/3000000\tx\n2\t0/4000000\ty\n')];
    const refused = await standby.postgres.promote(onto(4, rows), noWaits, always, never);
    expect(refused).toMatchObject({
      ok: false,
      error: { retryable: false, problem: expect.stringContaining('00000002.history') },
    });
    expect(await standby.postgres.look(1_000)).toMatchObject({ kind: 'standby' });
  });

  test('is withdrawn when the leader key is no longer ours', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    const refused = await standby.postgres.promote(onto(2), noWaits, () => false, never);
    expect(refused).toMatchObject({ ok: false, error: { problem: expect.stringContaining('no longer ours') } });
    expect(existsSync(join(standby.dataDir, 'promote'))).toBe(false);
    expect(await standby.postgres.look(1_000)).toMatchObject({ kind: 'standby' });
  });

  test('is asked for again after the startup process lost the request, and is withdrawn when it takes too long for its leader', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    const startup = Number(standby.sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'startup'"));
    process.kill(startup, 'SIGSTOP');
    const untilMono = clock.mono() + 300;
    const refused = await standby.postgres.promote(onto(2), noWaits, () => clock.mono() < untilMono, never);
    expect(refused.ok).toBe(false);
    expect(existsSync(join(standby.dataDir, 'promote'))).toBe(false);
    process.kill(startup, 'SIGCONT');
    must(await standby.postgres.promote(onto(2), noWaits, always, never));
    expect(await standby.postgres.look(1_000)).toMatchObject({ kind: 'primary' });
  });

  test('resumes a paused replay first, and keeps what was received before it', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    standby.sql('SELECT pg_wal_replay_pause()');
    leader.sql('CREATE TABLE kept AS SELECT 1 AS n');
    const position = leader.sql('SELECT pg_current_wal_flush_lsn()');
    await eventually(
      async () => (standby.sql(`SELECT pg_last_wal_receive_lsn() >= '${position}'`) === 't' ? true : null),
      'it is received',
    );
    await leader.kill();
    must(await standby.postgres.promote(onto(2), noWaits, always, never));
    expect(standby.sql('SELECT count(*) FROM kept')).toBe('1');
  });

  test("made by hand takes no client's write; one that was claimed takes them at once", async () => {
    await using leader = await aPrimary('a', ['b', 'c']);
    await using standby = await aStandby('b', leader);
    await using other = await aStandby('c', leader);
    leader.sql('CREATE TABLE kept (n int)');
    for (const each of [standby, other])
      await eventually(
        async () => (each.sql("SELECT to_regclass('kept') IS NOT NULL") === 't' ? true : null),
        'the table is replicated',
      );
    await leader.kill();
    other.sql('SELECT pg_promote(true)');
    expect(() => other.sql('INSERT INTO kept VALUES (1)')).toThrow(/read-only transaction/);
    must(await standby.postgres.promote(onto(2), noWaits, always, never));
    standby.sql('INSERT INTO kept VALUES (1)');
  });

  test('that died half-way, with standby.signal gone and the control file still in recovery, is taken up again', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    leader.sql('CREATE TABLE kept AS SELECT 1 AS n');
    const position = leader.sql('SELECT pg_current_wal_flush_lsn()');
    await eventually(
      async () => (standby.sql(`SELECT pg_last_wal_receive_lsn() >= '${position}'`) === 't' ? true : null),
      'it is received',
    );
    await leader.kill();
    await standby.kill();
    await standby.postgres.letGo();
    rmSync(join(standby.dataDir, 'standby.signal'));
    expect(await standby.postgres.inspect(5_000)).toMatchObject({
      data: { clusterState: 'in archive recovery', standbySignal: false },
    });
    await standby.start(must(await standby.postgres.prepareStandby(null)));
    must(await standby.postgres.promote(onto(2), noWaits, always, never));
    expect(standby.sql('SELECT count(*) FROM kept')).toBe('1');
  });

  test('names whom to wait for before the first commit', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    await leader.kill();
    must(await standby.postgres.promote(onto(2), { names: [], nobody: true }, always, never));
    expect(await standby.postgres.look(1_000)).toMatchObject({ kind: 'primary', waitsForNobody: true });
    expect(readFileSync(join(standby.dataDir, 'postgresql.conf'), 'utf8')).toContain('FIRST 1 ("baton_nobody")');
  });
});
