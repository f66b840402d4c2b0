import { describe, expect, test } from 'vitest';
import {
  aPrimary,
  aStandby,
  clock,
  copyNameOf,
  eventually,
  must,
  never,
  type RealPostgres,
} from '../support/real-postgres.ts';

const isPaused = (standby: RealPostgres): string => standby.sql('SELECT pg_get_wal_replay_pause_state()');
const checkpointer = (leader: RealPostgres): number =>
  Number(leader.sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"));

describe('the proof that commits wait', () => {
  test('succeeds when they do, leaves replay running, and a look then shows the standby as synchronous', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    const name = await copyNameOf(standby);
    must(await leader.postgres.waitFor({ names: [name], nobody: false }, never));
    const startedMono = clock.mono();
    must(await leader.postgres.proveWait(standby.upstream, name, [name], never));
    expect(clock.mono() - startedMono).toBeLessThan(1_500);
    expect(isPaused(standby)).toBe('not paused');
    expect(await leader.postgres.look(1_000)).toMatchObject({
      waitsFor: [name],
      walsenders: [{ applicationName: name, syncState: 'sync', syncPriority: 1 }],
    });
    expect(await leader.postgres.writeProbe(2_000)).toMatchObject({ ok: true });
  });

  test('fails while the checkpointer has not switched waiting on, whatever the views say', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    const name = await copyNameOf(standby);
    const pid = checkpointer(leader);
    process.kill(pid, 'SIGSTOP');
    try {
      must(await leader.postgres.waitFor({ names: [name], nobody: false }, never));
      expect(await leader.postgres.look(1_000)).toMatchObject({
        waitsFor: [name],
        walsenders: [{ syncState: 'sync' }],
      });
      const refused = await leader.postgres.proveWait(standby.upstream, name, [name], never);
      expect(refused).toMatchObject({
        ok: false,
        error: { retryable: true, problem: expect.stringContaining('did not wait') },
      });
      expect(isPaused(standby)).toBe('not paused');
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await eventually(
      async () => ((await leader.postgres.proveWait(standby.upstream, name, [name], never)).ok ? true : null),
      'the proof succeeds',
      5_000,
    );
  });

  test('fails for a standby that is not waited for, or that streams as another copy', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    const name = await copyNameOf(standby);
    expect(await leader.postgres.proveWait(standby.upstream, name, [name], never)).toMatchObject({ ok: false });
    const other = 'baton_b_ffffffff';
    must(await leader.postgres.waitFor({ names: [other], nobody: false }, never));
    expect(await leader.postgres.proveWait(standby.upstream, other, [other], never)).toMatchObject({
      ok: false,
      error: { problem: expect.stringContaining('does not stream as') },
    });
    expect(isPaused(standby)).toBe('not paused');
  });

  test('leaves a pause alone that somebody else made', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    const name = await copyNameOf(standby);
    must(await leader.postgres.waitFor({ names: [name], nobody: false }, never));
    standby.sql('SELECT pg_wal_replay_pause()');
    expect(await leader.postgres.proveWait(standby.upstream, name, [name], never)).toMatchObject({
      ok: false,
      error: { problem: expect.stringContaining('paused there already') },
    });
    expect(isPaused(standby)).toMatch(/pause/);
  });

  test('holds for a further standby, which goes first in the list', async () => {
    await using leader = await aPrimary('a', ['b', 'c']);
    await using b = await aStandby('b', leader);
    await using c = await aStandby('c', leader);
    const first = await copyNameOf(b);
    const second = await copyNameOf(c);
    must(await leader.postgres.waitFor({ names: [first], nobody: false }, never));
    must(await leader.postgres.waitFor({ names: [second, first], nobody: false }, never));
    must(await leader.postgres.proveWait(c.upstream, second, [second, first], never));
    const look = await leader.postgres.look(1_000);
    expect(look).toMatchObject({ waitsFor: [second, first] });
  });

  test('ends within its bound when the standby freezes in the middle of it', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    const name = await copyNameOf(standby);
    must(await leader.postgres.waitFor({ names: [name], nobody: false }, never));
    const frozen = standby.pid();
    process.kill(frozen, 'SIGSTOP');
    try {
      const startedMono = clock.mono();
      expect(await leader.postgres.proveWait(standby.upstream, name, [name], never)).toMatchObject({ ok: false });
      expect(clock.mono() - startedMono).toBeLessThan(5_000);
    } finally {
      process.kill(frozen, 'SIGCONT');
    }
  });

  test('that fails with its commit still waiting leaves no session behind', async () => {
    await using leader = await aPrimary('a', ['b']);
    await using standby = await aStandby('b', leader);
    const name = await copyNameOf(standby);
    must(await leader.postgres.waitFor({ names: [name], nobody: false }, never));
    const receiver = Number(standby.sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walreceiver'"));
    process.kill(receiver, 'SIGSTOP');
    try {
      expect(await leader.postgres.proveWait(standby.upstream, name, [name], never)).toMatchObject({ ok: false });
      const left = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'baton-prove%'";
      await eventually(async () => (leader.sql(left) === '0' ? true : null), 'its sessions are gone');
    } finally {
      process.kill(receiver, 'SIGCONT');
    }
  });
});
