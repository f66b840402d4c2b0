/** What PostgreSQL applies is read back: what somebody else wrote, and what a promotion that was given up left behind. */
import { expect, test } from 'vitest';
import { onto } from '../support/onto.ts';
import {
  aPrimary,
  aStandby,
  copyNameOf,
  eventually,
  must,
  never,
  type RealPostgres,
} from '../support/real-postgres.ts';

const lookAt = (server: RealPostgres) => server.postgres.look(1_000);

async function ruledBy(server: RealPostgres, place: unknown): Promise<void> {
  await eventually(
    async () => {
      const look = await lookAt(server);
      return look.kind === 'primary' && look.waitsRuledBy === place ? true : null;
    },
    `what commits wait for is ruled by ${String(place)}`,
  );
}

test('what commits wait for is said to come from postgresql.auto.conf while it does', async () => {
  await using leader = await aPrimary('a', ['b']);
  await using standby = await aStandby('b', leader);
  const names = [await copyNameOf(standby)];
  must(await leader.postgres.waitFor({ names, nobody: false }, never));
  expect(await lookAt(leader)).toMatchObject({ waitsFor: names, waitsRuledBy: null });

  leader.sql("ALTER SYSTEM SET synchronous_standby_names = ''");
  leader.sql('SELECT pg_reload_conf()');
  await ruledBy(leader, `${leader.dataDir}/postgresql.auto.conf`);
  expect(await lookAt(leader)).toMatchObject({ waitsFor: [], waitsForNobody: false });

  leader.sql('ALTER SYSTEM RESET synchronous_standby_names');
  leader.sql('SELECT pg_reload_conf()');
  await ruledBy(leader, null);
  expect(await lookAt(leader)).toMatchObject({ waitsFor: names });
});

test('a change of its own that is not loaded yet is no override', async () => {
  await using leader = await aPrimary('a', ['b']);
  await using standby = await aStandby('b', leader);
  const names = [await copyNameOf(standby)];
  const looks: unknown[] = [];
  const changing = leader.postgres.waitFor({ names, nobody: false }, never);
  for (let at = 0; at < 20; at += 1) looks.push(await lookAt(leader));
  must(await changing);
  expect(looks.map((look) => (look as { waitsRuledBy?: unknown }).waitsRuledBy)).toEqual(looks.map(() => null));
});

test('a standby whose promotion was given up says so, and stands down: readers are let in, a promotion by hand takes no write', async () => {
  await using leader = await aPrimary('a', ['b']);
  await using standby = await aStandby('b', leader);
  leader.sql("CREATE ROLE clerk LOGIN PASSWORD 'pen'; GRANT CREATE ON SCHEMA public TO clerk");
  const position = leader.sql('SELECT pg_current_wal_flush_lsn()');
  await eventually(
    async () => (standby.sql(`SELECT pg_last_wal_replay_lsn() >= '${position}'`) === 't' ? true : null),
    'it is replayed',
  );
  expect(await lookAt(standby)).toMatchObject({ kind: 'standby', armed: false });

  must(await standby.postgres.admit('baton-only', never));
  const refused = await standby.postgres.promote(onto(2), { names: [], nobody: true }, () => false, never);
  expect(refused.ok).toBe(false);
  expect(await lookAt(standby)).toMatchObject({ kind: 'standby', armed: true });
  expect(() => standby.sql('SELECT 1', 'clerk', 'pen')).toThrow(/pg_hba.conf/);

  must(await standby.postgres.standDown(never));
  expect(await lookAt(standby)).toMatchObject({ kind: 'standby', armed: false });
  expect(standby.sql('SELECT 1', 'clerk', 'pen')).toBe('1');
  expect(standby.sql('SELECT pg_promote()')).toBe('t');
  expect(() => standby.sql('CREATE TABLE written (n int)', 'clerk', 'pen')).toThrow(/read-only/);
  expect(await standby.postgres.standDown(never)).toMatchObject({ ok: false });
});
