import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { memberName } from '../../src/core/units.ts';
import {
  aPostgres,
  aPrimary,
  aStandby,
  clock,
  copyNameOf,
  eventually,
  must,
  never,
  newCopy,
  streams,
} from '../support/real-postgres.ts';

describe('a standby', () => {
  test('is cloned, streams under its copy name on its member slot, and says whom it follows', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aPostgres('b');
    const copy = newCopy();
    const progress: string[] = [];
    must(await standby.postgres.clone(leader.upstream, copy, never, (text) => progress.push(text)));
    expect(progress.at(-1)).toMatch(/copied \d+% of \d+ MiB from a/);
    const first = await standby.start(must(await standby.postgres.prepareStandby(leader.upstream)));
    expect(first).toMatchObject({ kind: 'standby', copyId: copy, follows: 'a', replayPaused: false, timeline: 1 });
    await streams(standby, leader);
    const seen = await leader.postgres.look(1_000);
    expect(seen).toMatchObject({
      kind: 'primary',
      walsenders: [
        {
          applicationName: `baton_b_${copy}`,
          state: 'streaming',
          syncState: 'async',
          syncPriority: 0,
          slotName: 'baton_b',
        },
      ],
    });
  });

  test('stops its stream for good when it is told to follow nobody, and finds its leader again', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    must(await standby.postgres.follow(null, never));
    expect(await standby.postgres.look(1_000)).toMatchObject({ kind: 'standby', streamingFrom: null, follows: null });
    leader.sql('CREATE TABLE written_meanwhile ()');
    await clock.sleep(300); // three times what a standby waits before it connects again
    expect(standby.sql("SELECT count(*) FROM pg_class WHERE relname = 'written_meanwhile'")).toBe('0');
    must(await standby.postgres.follow(leader.upstream, never));
    await streams(standby, leader);
    expect(await standby.postgres.look(1_000)).toMatchObject({ follows: 'a' });
  });

  test('has its replay resumed when somebody left it paused', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    standby.sql('SELECT pg_wal_replay_pause()');
    await eventually(async () => {
      const look = await standby.postgres.look(1_000);
      return look.kind === 'standby' && look.replayPaused ? true : null;
    }, 'replay is paused');
    must(await standby.postgres.resumeReplay(never));
    expect(await standby.postgres.look(1_000)).toMatchObject({ replayPaused: false });
  });

  test('starts although its own settings are below what its primary had', async () => {
    await using leader = await aPrimary('a', ['b'], { parameters: { max_connections: 60, shared_buffers: '16MB' } });
    await using standby = await aStandby('b', leader, { parameters: { max_connections: 20, shared_buffers: '16MB' } });
    expect(standby.sql('SHOW max_connections')).toBe('60');
  });
});

describe('slots', () => {
  test('are made for the members, kept for one that is away, and gone from a former primary', async () => {
    await using leader = await aPrimary('a', ['b', 'c']);
    const slots = () => leader.sql("SELECT string_agg(slot_name, ',' ORDER BY slot_name) FROM pg_replication_slots");
    expect(slots()).toBe('baton_b,baton_c');
    leader.sql("SELECT pg_create_physical_replication_slot('of_somebody_else')");
    must(await leader.postgres.furnish(['b', 'a'].map(memberName), never));
    expect(slots()).toBe('baton_b,baton_c,of_somebody_else');
    await leader.stop();
    must(await leader.postgres.prepareStandby(null));
    expect(readdirSync(join(leader.dataDir, 'pg_replslot'))).toEqual(['of_somebody_else']);
  });

  test('are not disturbed by furnishing again, and a changed password is taken up', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    const before = leader.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'replicator'");
    must(await leader.postgres.furnish([memberName('b')], never));
    expect(leader.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'replicator'")).toBe(before);
    leader.sql("ALTER ROLE replicator PASSWORD 'other'");
    must(await leader.postgres.furnish([memberName('b')], never));
    must(await standby.postgres.follow(null, never));
    must(await standby.postgres.follow(leader.upstream, never));
    await streams(standby, leader);
  });
});

describe('a clone', () => {
  test('replaces the old directory only when it is complete, and keeps the old one', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    await standby.stop();
    const before = readFileSync(join(standby.dataDir, 'baton.copy'), 'utf8');
    const abort = new AbortController();
    const aborted = standby.postgres.clone(leader.upstream, newCopy(), abort.signal, () =>
      abort.abort(new Error('not now')),
    );
    expect(await aborted).toMatchObject({ ok: false });
    expect(readFileSync(join(standby.dataDir, 'baton.copy'), 'utf8')).toBe(before);
    expect(readdirSync(dirname(standby.dataDir)).toSorted()).toEqual(['data', 'state']);

    must(await standby.postgres.clone(leader.upstream, newCopy(), never, () => undefined));
    const [old] = readdirSync(dirname(standby.dataDir)).filter((name) => name.startsWith('data.old-'));
    expect(readFileSync(join(dirname(standby.dataDir), old!, 'baton.copy'), 'utf8')).toBe(before);
    expect(readFileSync(join(standby.dataDir, 'baton.copy'), 'utf8')).not.toBe(before);
    expect(existsSync(join(standby.dataDir, 'standby.signal'))).toBe(true);
  });

  test('never replaces data of another cluster, and prints both identifiers', async () => {
    await using leader = await aPrimary('a');
    await using stranger = await aPrimary('x');
    await stranger.stop();
    const own = await stranger.postgres.inspect(5_000);
    const theirs = await leader.postgres.look(1_000);
    if (own.kind !== 'present' || theirs.kind === 'silent') throw new Error('no data');
    for (const refused of [
      await stranger.postgres.clone(leader.upstream, newCopy(), never, () => undefined),
      await stranger.postgres.rejoin(leader.upstream, [], newCopy(), never, () => undefined),
    ]) {
      expect(refused).toMatchObject({ ok: false, error: { retryable: false } });
      expect(JSON.stringify(refused)).toContain(own.data.systemIdentifier);
      expect(JSON.stringify(refused)).toContain(theirs.systemIdentifier);
    }
    expect(await stranger.postgres.inspect(5_000)).toEqual(own);
  });

  test('carries an application name that only this copy has', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    const first = await copyNameOf(standby);
    await standby.stop();
    must(await standby.postgres.clone(leader.upstream, newCopy(), never, () => undefined));
    await standby.start(must(await standby.postgres.prepareStandby(leader.upstream)));
    expect(await copyNameOf(standby)).not.toBe(first);
  });
});
