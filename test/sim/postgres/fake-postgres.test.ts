/** The fake PostgreSQL does what the real one was measured to do (numbers of the list in docs/safety.md are not repeated). */
import { describe, expect, test } from 'vitest';
import { onto } from '../../support/onto.ts';
import { copyId, memberName, monoMs, timeline } from '../../../src/core/units.ts';
import { aPair, nobody, upstream } from './a-pair.ts';
import { endLsn } from './directory.ts';

const signal = new AbortController().signal;

async function aSynchronousPair() {
  const made = await aPair();
  await made.pair.ok(made.a.waitFor({ names: [made.standbyName], nobody: false }, signal));
  await made.pair.until(() => made.pair.server('a').waits.flag);
  return made;
}

describe('waiting for a standby', () => {
  test('a commit is acknowledged when every named standby has flushed it', async () => {
    const { pair } = await aSynchronousPair();
    const commit = pair.commit('a', 'one');
    await pair.until(() => commit.acked);
    expect(pair.disk('b').data?.records.some((record) => record.id === 'one')).toBe(true);
  });

  test('a commit waits for as long as the named standby is cut off', async () => {
    const { pair } = await aSynchronousPair();
    pair.network.cut('a', 'b');
    const commit = pair.commit('a', 'one');
    await pair.clock.runFor(30_000);
    expect(commit.acked).toBe(false);
  });

  test('after a reload commits go on being acknowledged alone until the checkpointer looks, although the setting shows', async () => {
    const { pair, a, standbyName } = await aPair();
    pair.stuck = true;
    await pair.ok(a.waitFor({ names: [standbyName], nobody: false }, signal));
    pair.network.cut('a', 'b');
    const look = await pair.settled(a.look(100));
    expect(look.kind === 'primary' && look.waitsFor).toEqual([standbyName]);
    const commit = pair.commit('a', 'one');
    await pair.until(() => commit.acked);
    expect(pair.disk('b').data?.records.some((record) => record.id === 'one')).toBe(false);
  });

  test('a started primary acknowledges alone until the first look', async () => {
    const { pair, a, standbyName } = await aPair();
    pair.server('a').exit(null, 'SIGKILL');
    await pair.ok(a.preparePrimary({ names: [standbyName], nobody: false }, 'baton-only'));
    pair.start('a');
    await pair.until(() => pair.server('a').phase === 'primary');
    expect(pair.server('a').waits.flag).toBe(false);
    await pair.until(() => pair.server('a').waits.flag);
  });

  test('removing the name releases those who wait, without the standby', async () => {
    const { pair, a } = await aSynchronousPair();
    pair.network.cut('a', 'b');
    const commit = pair.commit('a', 'one');
    await pair.clock.runFor(500);
    await pair.ok(a.waitFor(nobody, signal));
    await pair.until(() => commit.acked);
  });

  test('a strict primary without a standby acknowledges nothing', async () => {
    const { pair, a } = await aPair();
    await pair.ok(a.waitFor({ names: [], nobody: true }, signal));
    await pair.until(() => pair.server('a').waits.flag);
    const commit = pair.commit('a', 'one');
    await pair.clock.runFor(10_000);
    expect(commit.acked).toBe(false);
  });
});

describe('the proof of waiting', () => {
  test('it succeeds when commits wait, and leaves the replay running', async () => {
    const { pair, a, standbyName } = await aSynchronousPair();
    await pair.ok(a.proveWait(upstream('b'), standbyName, [standbyName], signal));
    await pair.until(() => !pair.server('b').replay.paused);
  });

  test('it fails while the checkpointer has not looked, whatever the views say', async () => {
    const { pair, a, standbyName } = await aPair();
    pair.stuck = true;
    await pair.ok(a.waitFor({ names: [standbyName], nobody: false }, signal));
    const proof = await pair.settled(a.proveWait(upstream('b'), standbyName, [standbyName], signal));
    expect(proof).toMatchObject({ ok: false, error: { problem: 'the commit did not wait' } });
  });

  test('it fails for a name that no walsender carries', async () => {
    const { pair, a, standbyName } = await aSynchronousPair();
    const proof = await pair.settled(
      a.proveWait(upstream('b'), standbyName, [standbyName, 'baton_c_cccccccc'], signal),
    );
    expect(proof.ok).toBe(false);
  });
});

describe('promotion', () => {
  test('the standby keeps all that it received and begins the next timeline that no history knows', async () => {
    const { pair, b } = await aSynchronousPair();
    const commit = pair.commit('a', 'one');
    await pair.until(() => commit.acked);
    pair.server('a').exit(null, 'SIGKILL');
    await pair.ok(b.promote(onto(2), nobody, () => true, signal));
    expect(pair.left.at(-1)).toBe('b promoted on 2');
    expect(pair.disk('b').data?.records.some((record) => record.id === 'one')).toBe(true);
    expect((await pair.ok(b.ownHistory()))?.parent).toBe(1);
  });

  test('a timeline that the cluster has used already is not used again', async () => {
    const { pair, b } = await aPair();
    const row = {
      timeline: timeline(1),
      lsn: endLsn(1),
      reason: '',
      timestamp: '',
      newLeader: memberName('a'),
      promotionId: 'x',
      newTimeline: timeline(2),
      historyFile: '1\t0/3000068\tno recovery target specified\n',
    };
    await pair.ok(b.promote(onto(3, [row]), nobody, () => true, signal));
    expect(pair.left.at(-1)).toBe('b promoted on 3');
  });

  test('it does not happen once it may not go on', async () => {
    const { pair, b } = await aPair();
    const ended = await pair.settled(b.promote(onto(2), nobody, () => false, signal));
    expect(ended.ok).toBe(false);
    expect(pair.server('b').phase).toBe('standby');
  });

  test('a paused replay costs it a second and loses nothing', async () => {
    const { pair } = await aPair();
    const server = pair.server('b');
    server.replay.setPaused(true);
    server.dir.promoteFile = true;
    const asked = pair.clock.mono();
    server.recovery.signalled();
    await pair.until(() => server.phase === 'primary');
    expect(pair.clock.mono() - asked).toBeGreaterThanOrEqual(1_000);
  });
});

describe('ends and returns', () => {
  test('what was not flushed is gone after a kill, what was flushed is there', async () => {
    const { pair } = await aPair();
    const commit = pair.commit('a', 'one');
    await pair.until(() => commit.acked);
    pair.commit('a', 'two');
    pair.server('a').exit(null, 'SIGKILL');
    const ids = pair.disk('a').data?.records.map((record) => record.id);
    expect(ids).toContain('one');
    expect(ids).not.toContain('two');
  });

  test('a pipelining backend outlives its postmaster, and acknowledges when nothing waits', async () => {
    const { pair } = await aPair();
    const server = pair.server('a');
    const backend = { pid: 1, name: 'client', connection: null, pipelining: true };
    server.backends.add(backend);
    server.killPostmaster();
    expect(pair.exits).toEqual(['a SIGKILL']);
    let acked = false;
    server.commit(backend, 'commit', 'late', 'flush', () => {
      acked = true;
    });
    await pair.until(() => acked);
    await pair.until(() => server.phase === 'gone', 6_000);
  });

  test('it acknowledges nothing behind a dead postmaster when commits wait', async () => {
    const { pair } = await aSynchronousPair();
    const server = pair.server('a');
    const backend = { pid: 1, name: 'client', connection: null, pipelining: true };
    server.backends.add(backend);
    server.killPostmaster();
    let acked = false;
    server.commit(backend, 'commit', 'late', 'flush', () => {
      acked = true;
    });
    await pair.clock.runFor(10_000);
    expect(acked).toBe(false);
  });

  test('a clean shutdown sends its last record to the standby, which replays past the checkpoint location', async () => {
    const { pair } = await aPair();
    await pair.clock.runUntil(monoMs(pair.clock.mono() + 100));
    pair.server('a').stopFast();
    await pair.until(() => pair.server('a').phase === 'gone');
    const at = pair.disk('a').data?.describe();
    expect(at?.clusterState).toBe('shut down');
    await pair.until(() => endLsn(pair.server('b').replay.count) > (at?.checkpointLsn ?? 0n));
  });

  test('an old primary with records beyond the fork is rewound under a new copy id, and follows', async () => {
    const { pair, a, b } = await aPair();
    pair.network.cut('a', 'b');
    const lost = pair.commit('a', 'beyond');
    await pair.until(() => lost.acked);
    pair.server('a').exit(null, 'SIGKILL');
    await pair.ok(b.promote(onto(2), nobody, () => true, signal));
    pair.network.heal('a', 'b');
    await pair.ok(b.furnish([memberName('a')], signal));
    await pair.ok(b.checkpoint(signal));
    expect(await pair.ok(a.rejoin(upstream('b'), [], copyId('cccccccc'), signal, () => {}))).toMatchObject({
      how: 'rewound',
    });
    expect(pair.disk('a').data?.copy?.copyId).toBe('cccccccc');
    await pair.ok(a.prepareStandby(upstream('b')));
    pair.start('a');
    await pair.until(() => pair.server('a').phase === 'standby' && pair.server('a').receiver?.connected === true);
    expect(pair.disk('a').data?.records.some((record) => record.id === 'beyond')).toBe(false);
  });

  test('an interrupted rewind leaves a directory that cannot be prepared for a start', async () => {
    const { pair, a, b } = await aPair();
    pair.network.cut('a', 'b');
    const lost = pair.commit('a', 'beyond');
    await pair.until(() => lost.acked);
    pair.server('a').exit(null, 'SIGKILL');
    await pair.ok(b.promote(onto(2), nobody, () => true, signal));
    pair.network.heal('a', 'b');
    await pair.ok(b.checkpoint(signal));
    const controller = new AbortController();
    const rejoining = a.rejoin(upstream('b'), [], copyId('cccccccc'), controller.signal, () => {});
    await pair.until(() => pair.disk('a').data?.unstartable !== null);
    controller.abort(new Error('batond stops'));
    expect((await pair.settled(rejoining)).ok).toBe(false);
    expect((await pair.settled(a.preparePrimary(nobody, 'everybody'))).ok).toBe(false);
    expect((await pair.settled(a.prepareStandby(upstream('b')))).ok).toBe(false);
  });
});
