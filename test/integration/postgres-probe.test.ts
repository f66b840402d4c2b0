import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createPostgres } from '../../src/adapters/postgres/create-postgres.ts';
import { createPostgresPeers } from '../../src/adapters/postgres/peers.ts';
import { memberName, parseLsn } from '../../src/core/units.ts';
import {
  aPrimary,
  aStandby,
  clock,
  copyNameOf,
  eventually,
  must,
  never,
  processesIn,
} from '../support/real-postgres.ts';

const superuser = { username: 'postgres', password: 'super secret' };
const replicationUsername = 'replicator';
const member = memberName('b');

describe('a write probe', () => {
  test('is a commit whose position a standby that flushed it has passed', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    const name = await copyNameOf(standby);
    must(await leader.postgres.waitFor({ names: [name], nobody: false }, never));
    const before = parseLsn(leader.sql('SELECT pg_current_wal_flush_lsn()'));
    const answer = await leader.postgres.writeProbe(2_000);
    if (!answer.ok) throw new Error(answer.problem);
    expect(answer.lsn).toBeGreaterThan(before);
    expect(answer.ackedMono).toBeGreaterThanOrEqual(answer.sentMono);
    const look = await leader.postgres.look(1_000);
    if (look.kind !== 'primary') throw new Error('not a primary');
    expect(look.walsenders[0]?.flushLsn).toBeGreaterThanOrEqual(answer.lsn);
  });

  test('obeys no role or database that weakens commits', async () => {
    await using leader = await aPrimary('a');
    leader.sql('ALTER ROLE postgres SET synchronous_commit = off');
    must(await leader.postgres.waitFor({ names: [], nobody: true }, never));
    expect(await leader.postgres.writeProbe(500)).toMatchObject({ ok: false, outcome: 'timed-out' });
  });

  test('leaves at most one session behind while commits wait for a standby that is not there', async () => {
    await using leader = await aPrimary('a');
    must(await leader.postgres.waitFor({ names: [], nobody: true }, never));
    for (let probes = 0; probes < 6; probes += 1)
      expect(await leader.postgres.writeProbe(150)).toMatchObject({ ok: false, outcome: 'timed-out' });
    const waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'baton-probe'";
    expect(Number(leader.sql(waiting))).toBeLessThanOrEqual(2);
    must(await leader.postgres.waitFor({ names: [], nobody: false }, never));
    expect(await leader.postgres.writeProbe(2_000)).toMatchObject({ ok: true });
  });

  test('ends what probers of its name left behind before it: daemons that were killed during a probe', async () => {
    await using leader = await aPrimary('a');
    must(await leader.postgres.waitFor({ names: [], nobody: true }, never));
    const lives = Array.from({ length: 4 }, () => ({
      postgres: createPostgres(leader.options),
      peers: createPostgresPeers({ clock, member, superuser, replicationUsername }),
    }));
    for (const { postgres, peers } of lives) {
      expect(await postgres.writeProbe(150)).toMatchObject({ ok: false, outcome: 'timed-out' });
      expect(await peers.writeProbe(leader.upstream, 150)).toMatchObject({ ok: false, outcome: 'timed-out' });
    }
    const waiting = "SELECT application_name FROM pg_stat_activity WHERE wait_event = 'SyncRep' ORDER BY 1";
    expect(leader.sql(waiting).split('\n')).toEqual(['baton-probe', 'baton-probe-from-b']);
    for (const { postgres, peers } of lives) await Promise.all([postgres.letGo(), peers.close()]);
  });

  test('says read-only on a standby and on a primary that takes no writes', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    expect(await standby.postgres.writeProbe(2_000)).toMatchObject({ ok: false, outcome: 'read-only' });
    leader.sql('ALTER SYSTEM SET default_transaction_read_only = on');
    leader.sql('SELECT pg_reload_conf()');
    await eventually(async () => {
      const answer = await leader.postgres.writeProbe(2_000);
      return !answer.ok && answer.outcome === 'read-only' ? true : null;
    }, 'it is read-only');
  });

  test('whose wait was cancelled is not taken for a commit, although PostgreSQL reports one', async () => {
    await using leader = await aPrimary('a');
    must(await leader.postgres.waitFor({ names: [], nobody: true }, never));
    const probing = leader.postgres.writeProbe(5_000);
    const cancel =
      "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE application_name = 'baton-probe' AND wait_event = 'SyncRep'";
    await eventually(async () => (leader.sql(cancel) === '1' ? true : null), 'it waited');
    expect(await probing).toMatchObject({ ok: false, problem: expect.stringContaining('cancelled') });
  });
});

describe('a peer', () => {
  test('is probed by a fresh connection; an error of its own is a sign of life', async () => {
    await using leader = await aPrimary('a');
    const peers = createPostgresPeers({ clock, member, superuser, replicationUsername });
    expect(await peers.probePostgres(leader.upstream, 1_000)).toEqual({ outcome: 'ok', problem: null });
    const strangers = createPostgresPeers({
      clock,
      member,
      superuser: { username: 'postgres', password: 'wrong' },
      replicationUsername,
    });
    expect(await strangers.probePostgres(leader.upstream, 1_000)).toMatchObject({
      outcome: 'ok',
      problem: expect.stringContaining('password authentication failed'),
    });
    expect(await leader.postgres.probeLocal(1_000)).toMatchObject({ outcome: 'ok' });
  });

  test('that is frozen times out, one that is gone refuses, and the broken session is told of at once', async () => {
    await using leader = await aPrimary('a');
    const peers = createPostgresPeers({ clock, member, superuser, replicationUsername });
    const lost: number[] = [];
    peers.onSessionLost((target) => lost.push(target.port));
    expect(await peers.writeProbe(leader.upstream, 2_000)).toMatchObject({ ok: true });
    const frozen = processesIn(leader.dataDir);
    for (const pid of frozen) process.kill(pid, 'SIGSTOP');
    expect(await peers.probePostgres(leader.upstream, 200)).toMatchObject({ outcome: 'timed-out' });
    expect(await leader.postgres.probeLocal(200)).toMatchObject({ outcome: 'timed-out' });
    expect(await leader.postgres.look(200)).toMatchObject({ kind: 'silent', refused: false });
    for (const pid of frozen) process.kill(pid, 'SIGCONT');
    expect(lost).toEqual([]);
    await leader.kill();
    await eventually(async () => (lost.length > 0 ? true : null), 'the loss is told');
    expect(lost).toEqual([leader.upstream.port]);
    expect(await peers.probePostgres(leader.upstream, 1_000)).toMatchObject({ outcome: 'refused' });
    expect(await peers.writeProbe(leader.upstream, 1_000)).toMatchObject({ ok: false, outcome: 'refused' });
    const byName = { host: 'localhost', port: leader.upstream.port }; // two addresses, one answer
    expect(await peers.probePostgres(byName, 1_000)).toMatchObject({ outcome: 'refused' });
    expect(await leader.postgres.probeLocal(1_000)).toMatchObject({ outcome: 'refused' });
    expect(await leader.postgres.look(1_000)).toMatchObject({ kind: 'silent', refused: true });
    await peers.close();
  });

  test('leaves no open connection behind when it is closed', async () => {
    await using leader = await aPrimary('a');
    const sockets = () => readdirSync('/proc/self/fd').length;
    const before = sockets();
    const peers = createPostgresPeers({ clock, member, superuser, replicationUsername });
    for (let round = 0; round < 5; round += 1) {
      await peers.probePostgres(leader.upstream, 1_000);
      await peers.writeProbe(leader.upstream, 1_000);
    }
    await peers.close();
    await eventually(async () => (sockets() <= before ? true : null), 'no socket is left');
  });
});
