/** A real PostgreSQL is stopped through itself, when it is the former primary that it is taken for, and never else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { closeToClients } from '../../src/adapters/postgres/close-to-clients.ts';
import { createPostgresPeers } from '../../src/adapters/postgres/peers.ts';
import { openSession } from '../../src/adapters/postgres/session.ts';
import { type FenceTarget, serverName } from '../../src/core/fence-target.ts';
import { copyId, formatLsn, type Lsn, memberName, timeline } from '../../src/core/units.ts';
import type { Expected, FenceSteps } from '../../src/ports/postgres.ts';
import { onto } from '../support/onto.ts';
import {
  aPrimary,
  aStandby,
  clock,
  eventually,
  must,
  never,
  processesIn,
  type RealPostgres,
} from '../support/real-postgres.ts';

const superuser = { username: 'postgres', password: 'super secret' };
const peers = createPostgresPeers({ clock, member: memberName('b'), superuser, replicationUsername: 'replicator' });
const noDrain: FenceSteps = { mayGoOn: async () => true, received: null };
const cluster = 'test';

/** What is known of a running primary. */
async function targetOf(server: RealPostgres): Promise<FenceTarget> {
  const look = await server.postgres.look(1_000);
  if (look.kind === 'silent' || look.copyId === null) throw new Error(`${server.name} does not answer`);
  const { systemIdentifier, runId, copyId: copy } = look;
  return { member: memberName(server.name), systemIdentifier, timeline: look.timeline, copyId: copy, runId };
}

const expected = (target: FenceTarget): Expected => ({ target, serverName: serverName(cluster, target.member) });

const fence = (server: RealPostgres, target: FenceTarget, steps = noDrain) =>
  peers.fence(server.upstream, expected(target), steps, never);

/** Writers that commit as fast as they can, and count what was acknowledged to them. */
async function writers(server: RealPostgres, count: number) {
  server.sql('CREATE TABLE written (id bigserial PRIMARY KEY, writer int NOT NULL, number int NOT NULL)');
  const acknowledged = Array.from({ length: count }, () => 0);
  const work = acknowledged.map(async (_none, writer) => {
    const { host, port } = server.upstream;
    const client = new Client({ host, port, user: 'postgres', password: superuser.password, database: 'postgres' });
    client.on('error', () => undefined);
    try {
      await client.connect();
      for (let number = 1; ; number += 1) {
        await client.query('INSERT INTO written (writer, number) VALUES ($1, $2)', [writer, number]);
        acknowledged[writer] = number;
      }
    } catch {
      // Its server has gone.
    }
  });
  await eventually(async () => (acknowledged.every((each) => each > 20) ? true : null), 'writers write');
  return { acknowledged, ended: Promise.all(work) };
}

describe('a former primary', () => {
  test('is killed with every process of its data directory, and at once', async () => {
    await using server = await aPrimary('a', []);
    const { ended } = await writers(server, 4);
    const target = await targetOf(server);
    expect(processesIn(server.dataDir).length).toBeGreaterThan(8);
    expect(await fence(server, target)).toEqual({ kind: 'fenced', how: 'killed', drained: null });
    await ended;
    await eventually(async () => (processesIn(server.dataDir).length === 0 ? true : null), 'no process is left', 500);
  });

  test('gives all that it acknowledged to the standby before it is killed', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    const { acknowledged, ended } = await writers(leader, 4);
    const target = await targetOf(leader);
    const received = async (upTo: Lsn) => {
      const arrived = `SELECT pg_last_wal_receive_lsn() >= '${formatLsn(upTo)}'`;
      await eventually(async () => (standby.sql(arrived) === 't' ? true : null), 'it is received', 5_000);
      return true;
    };
    const outcome = await fence(leader, target, { mayGoOn: async () => true, received });
    expect(outcome).toMatchObject({ kind: 'fenced', how: 'killed', drained: { complete: true } });
    await ended;
    must(await standby.postgres.promote(onto(2), { names: [], nobody: false }, () => true, never));
    const kept = standby.sql('SELECT writer, max(number) FROM written GROUP BY 1 ORDER BY 1').split('\n');
    for (const [writer, line] of kept.entries())
      expect(Number(line.split('|')[1])).toBeGreaterThanOrEqual(acknowledged[writer] ?? Number.NaN);
    expect(kept).toHaveLength(4);
  });

  test('is killed even if nothing can be fetched from it', async () => {
    await using server = await aPrimary('a', []);
    const target = await targetOf(server);
    const steps = { mayGoOn: async () => true, received: async () => false };
    expect(await fence(server, target, steps)).toMatchObject({ how: 'killed', drained: { complete: false } });
    await eventually(async () => (processesIn(server.dataDir).length === 0 ? true : null), 'no process is left', 500);
  });

  test('does not take the neighbour of its host with it', async () => {
    await using server = await aPrimary('a', []);
    await using neighbour = await aPrimary('c', []);
    const before = processesIn(neighbour.dataDir);
    expect(await fence(server, await targetOf(server))).toMatchObject({ how: 'killed' });
    expect(processesIn(neighbour.dataDir)).toEqual(before);
    expect(neighbour.sql('SELECT 1')).toBe('1');
  });

  test('whose programs do not run is closed: clients are out and stay out, and the standby streams on', async () => {
    await using server = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', server);
    server.sql("CREATE ROLE clerk LOGIN PASSWORD 'pen'");
    const client = new Client({ ...server.upstream, user: 'clerk', password: 'pen', database: 'postgres' });
    const gone = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    const target = { endpoint: server.upstream, credentials: superuser, applicationName: 'baton-fence' };
    const session = await openSession(clock, target, 2_000);
    try {
      await closeToClients(session, {
        clock,
        target,
        expected: expected(await targetOf(server)),
        steps: noDrain,
        replicationUsername: 'replicator',
        signal: never,
      });
    } finally {
      session.destroy();
    }
    await gone;
    expect(() => server.sql('SELECT 1', 'clerk', 'pen')).toThrow(/pg_hba.conf/);
    expect(await server.postgres.look(1_000)).toMatchObject({ kind: 'primary', admits: 'baton-only' });
    expect(standby.sql('SELECT count(*) FROM pg_stat_wal_receiver')).toBe('1');
    expect(readFileSync(join(server.dataDir, 'pg_hba.conf'), 'utf8')).not.toContain('127.0.0.0/8');
  });
});

describe('another server is not touched', () => {
  const pidsOf = (server: RealPostgres) => processesIn(server.dataDir).includes(server.pid());

  test('than the one that is described', async () => {
    await using server = await aPrimary('a', []);
    const right = await targetOf(server);
    const wrong: readonly (readonly [what: Partial<FenceTarget>, why: RegExp])[] = [
      [{ systemIdentifier: '7000000000000000001' }, /another cluster/],
      [{ timeline: timeline(2) }, /is on timeline 1, not on 2/],
      [{ copyId: copyId('00000000') }, /it was rejoined since/],
      [{ runId: '2008-04-24 09:15:00+00' }, /another run/],
    ];
    for (const [what, why] of wrong)
      expect(await fence(server, { ...right, ...what })).toEqual({
        kind: 'another-server',
        why: expect.stringMatching(why),
      });
    const neighbour = { target: right, serverName: serverName('domain-2', right.member) };
    expect(await peers.fence(server.upstream, neighbour, noDrain, never)).toMatchObject({ kind: 'another-server' });
    expect(pidsOf(server)).toBe(true);
    expect(server.sql('SELECT 1')).toBe('1');
  });

  test('in recovery, whatever else is right', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    const outcome = await fence(standby, await targetOf(standby));
    expect(outcome).toEqual({ kind: 'another-server', why: expect.stringContaining('in recovery') });
    expect(standby.sql('SELECT 1')).toBe('1');
  });

  test('promoted to a newer timeline', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    const before = await targetOf(standby);
    await leader.kill();
    must(await standby.postgres.promote(onto(2), { names: [], nobody: false }, () => true, never));
    expect(await fence(standby, before)).toEqual({
      kind: 'another-server',
      why: expect.stringContaining('on timeline 2'),
    });
    expect(standby.sql('SELECT 1')).toBe('1');
  });

  test('when the order does not stand any more', async () => {
    await using server = await aPrimary('a', []);
    const steps = { mayGoOn: async () => false, received: null };
    expect(await fence(server, await targetOf(server), steps)).toMatchObject({ kind: 'failed' });
    expect(server.sql('SELECT 1')).toBe('1');
  });
});

test('a server whose kernel answers and whose postmaster does not costs a second and no more', async () => {
  await using server = await aPrimary('a', []);
  const target = await targetOf(server);
  process.kill(server.pid(), 'SIGSTOP');
  try {
    const began = performance.now();
    expect(await fence(server, target)).toMatchObject({ kind: 'failed' });
    expect(performance.now() - began).toBeLessThan(3_000);
  } finally {
    process.kill(server.pid(), 'SIGCONT');
  }
});
