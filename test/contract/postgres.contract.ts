/** What the simulated PostgreSQL must do as the real one does, seen through the ports of the production. */
import { expect, test } from 'vitest';
import { copyId, type Ms } from '../../src/core/units.ts';
import { onto } from '../support/onto.ts';
import { must, type ServersUnderTest } from './servers-under-test.ts';

const signal = new AbortController().signal;
const nobody = { names: [], nobody: false };
const limitMs: Ms = 10_000;
const newCopy = () => copyId('cccccccc');

export function postgresContract(pair: () => Promise<ServersUnderTest>): void {
  /** Commits on a wait for b. */
  async function synchronous(made: ServersUnderTest): Promise<void> {
    const { a, b, standbyName, settled, until } = made;
    must(await settled(a.postgres.waitFor({ names: [standbyName], nobody: false }, signal)));
    const proved = async () => (await settled(a.postgres.proveWait(b.upstream, standbyName, [standbyName], signal))).ok;
    await until(proved, limitMs);
  }

  /** b is gone, and a's probe commit is seen waiting for it. */
  async function waitingProbe(made: ServersUnderTest) {
    const { a, b, settled, until } = made;
    await synchronous(made);
    await b.kill();
    const probe = a.postgres.writeProbe(limitMs);
    await until(async () => {
      const look = await settled(a.postgres.look(1_000));
      return look.kind === 'primary' && look.probeWaits;
    }, limitMs);
    return { probe };
  }

  test('a commit of ours says who has flushed it: the standby it waits for, and nobody who is away', async () => {
    await using made = await pair();
    const { a, b, settled, standbyName } = made;
    await synchronous(made);
    expect(await settled(a.postgres.writeProbe(limitMs))).toMatchObject({ ok: true, flushedBy: [standbyName] });
    must(await settled(a.postgres.waitFor(nobody, signal)));
    await b.kill();
    await made.until(async () => {
      const look = await settled(a.postgres.look(1_000));
      return look.kind === 'primary' && look.walsenders.length === 0;
    }, limitMs);
    expect(await settled(a.postgres.writeProbe(limitMs))).toMatchObject({ ok: true, flushedBy: [] });
  });

  test('a commit waits for as long as the standby is away, and a look shows it', async () => {
    await using made = await pair();
    const { a, b, settled } = made;
    const { probe } = await waitingProbe(made);
    expect(await a.write(300)).toBe(false);
    await b.start(must(await settled(b.postgres.prepareStandby(a.upstream))));
    expect(await settled(probe)).toMatchObject({ ok: true });
  });

  test('a wait that somebody cancels is no acknowledgement of ours', async () => {
    await using made = await pair();
    const { a, settled } = made;
    const { probe } = await waitingProbe(made);
    await a.cancelWaits();
    expect(await settled(probe)).toMatchObject({
      ok: false,
      outcome: 'unreachable',
      problem: 'somebody cancelled its wait for synchronous replication',
    });
  });

  test('clients that take every connection leave room for Baton, and are no sign of death', async () => {
    await using made = await pair();
    const { a, peers, settled, standbyName } = made;
    const release = await a.takeConnections(false);
    expect(await a.write(300)).toBe(false);
    expect(await settled(a.postgres.look(1_000))).toMatchObject({ kind: 'primary' });
    expect(await settled(a.postgres.probeLocal(1_000))).toMatchObject({ outcome: 'ok' });
    expect(await settled(peers.probePostgres(a.upstream, 1_000))).toMatchObject({ outcome: 'ok' });
    must(await settled(a.postgres.waitFor({ names: [standbyName], nobody: false }, signal)));
    await release();
  });

  test('superusers who take the rest as well are no sign of death either; sessions that are there go on', async () => {
    await using made = await pair();
    const { a, peers, settled } = made;
    expect(await settled(a.postgres.look(1_000))).toMatchObject({ kind: 'primary' });
    expect(await settled(a.postgres.writeProbe(1_000))).toMatchObject({ ok: true });
    const release = await a.takeConnections(true);
    expect(await settled(a.postgres.probeLocal(1_000))).toMatchObject({ outcome: 'ok' });
    expect(await settled(peers.probePostgres(a.upstream, 1_000))).toMatchObject({ outcome: 'ok' });
    expect(await settled(peers.writeProbe(a.upstream, 1_000))).toMatchObject({ ok: false, outcome: 'unreachable' });
    expect(await settled(a.postgres.look(1_000))).toMatchObject({ kind: 'primary' });
    expect(await settled(a.postgres.writeProbe(1_000))).toMatchObject({ ok: true });
    await release();
  });

  test('a postmaster that is stopped serves nobody new, and everybody who is there', async () => {
    await using made = await pair();
    const { a, peers, settled } = made;
    expect(await settled(a.postgres.writeProbe(1_000))).toMatchObject({ ok: true });
    expect(await settled(a.postgres.look(1_000))).toMatchObject({ kind: 'primary' });
    a.freezePostmaster();
    expect(await settled(a.postgres.probeLocal(300))).toMatchObject({ outcome: 'timed-out' });
    expect(await settled(peers.probePostgres(a.upstream, 300))).toMatchObject({ outcome: 'timed-out' });
    expect(await settled(a.postgres.writeProbe(1_000))).toMatchObject({ ok: true });
    expect(await settled(a.postgres.look(1_000))).toMatchObject({ kind: 'primary' });
    a.thawPostmaster();
    expect(await settled(a.postgres.probeLocal(2_000))).toMatchObject({ outcome: 'ok' });
  });

  test('a standby that somebody promotes is a primary of the next timeline, and no client writes on it', async () => {
    await using made = await pair();
    const { b, settled, until } = made;
    await b.promoteByHand();
    await until(async () => {
      const look = await settled(b.postgres.look(1_000));
      return look.kind === 'primary' && look.timeline === 2;
    }, limitMs);
    expect(await b.write(1_000)).toBe(false);
  });

  test('one that leads takes writes, also when somebody else had promoted it', async () => {
    await using made = await pair();
    const { a, b, settled, until } = made;
    await a.kill();
    await b.promoteByHand();
    await until(async () => (await settled(b.postgres.look(1_000))).kind === 'primary', limitMs);
    must(await settled(b.postgres.furnish([], signal)));
    await until(() => b.write(1_000), limitMs);
  });

  test('a standby whose promotion was withdrawn starts again, whatever histories it was given', async () => {
    await using made = await pair();
    const { a, b, settled, until } = made;
    const withdrawn = await settled(b.postgres.promote(onto(4), nobody, () => false, signal));
    expect(withdrawn.ok).toBe(false);
    await b.stop();
    await b.start(must(await settled(b.postgres.prepareStandby(a.upstream))));
    await until(() => streams(made), limitMs);
  });

  test('a promotion makes the number that was reserved for it', async () => {
    await using made = await pair();
    const { a, b, settled } = made;
    await a.kill();
    must(await settled(b.postgres.promote(onto(4), nobody, () => true, signal)));
    expect(await settled(b.postgres.look(1_000))).toMatchObject({ kind: 'primary', timeline: 4 });
    expect(must(await settled(b.postgres.ownHistory()))).toMatchObject({ timeline: 4, parent: 1 });
  });

  test('what ALTER SYSTEM says in place of ours is found, and said', async () => {
    await using made = await pair();
    const { a, settled, standbyName } = made;
    await a.overrideWaits();
    const waiting = await settled(a.postgres.waitFor({ names: [standbyName], nobody: false }, signal));
    expect(waiting).toMatchObject({ ok: false });
    expect(waiting.ok ? '' : waiting.error.problem).toContain(
      'PostgreSQL does not apply the synchronous_standby_names that batond wrote',
    );
    expect(await settled(a.postgres.look(1_000))).toMatchObject({ kind: 'primary', waitsFor: [] });
  });

  test('a standby that comes back before its slot lost anything goes on as it is', async () => {
    await using made = await pair();
    const { a, b, settled, until } = made;
    await b.stop();
    expect(await a.write(limitMs)).toBe(true);
    must(await settled(a.postgres.checkpoint(signal)));
    expect(await a.slotIsLost('b')).toBe(false);
    const rejoined = must(await settled(b.postgres.rejoin(a.upstream, [], newCopy(), signal, () => {})));
    expect(rejoined.how).toBe('followed');
    await b.start(must(await settled(b.postgres.prepareStandby(a.upstream))));
    await until(() => streams(made), limitMs);
  });

  test('one whose slot has lost its WAL is cloned, and its slot keeps what comes next', async () => {
    await using made = await pair();
    const { a, b, settled, until } = made;
    await b.stop();
    await a.writeMuch();
    expect(await a.slotIsLost('b')).toBe(true);
    const rejoined = must(await settled(b.postgres.rejoin(a.upstream, [], newCopy(), signal, () => {})));
    expect(rejoined.how).toBe('cloned');
    expect(await a.slotIsLost('b')).toBe(false);
    await b.start(must(await settled(b.postgres.prepareStandby(a.upstream))));
    await until(() => streams(made), limitMs);
  });

  test('a clone whose source dies fails, and leaves what was there', async () => {
    await using made = await pair();
    const { a, b, settled, until } = made;
    await b.stop();
    const before = await settled(b.postgres.inspect(5_000));
    let copying = false;
    const cloning = b.postgres.clone(a.upstream, newCopy(), signal, () => {
      copying = true;
    });
    // The real one is through so soon that its first word of progress may be its last.
    const isCopying = async () => {
      const look = await settled(a.postgres.look(500));
      return copying || (look.kind === 'primary' && look.baseBackups > 0);
    };
    await until(isCopying, limitMs);
    await a.kill();
    expect(await settled(cloning)).toMatchObject({ ok: false });
    expect(await settled(b.postgres.inspect(5_000))).toEqual(before);
  });

  test("a standby's data is not started as a primary", async () => {
    await using made = await pair();
    const { b, settled } = made;
    await b.stop();
    const prepared = await settled(b.postgres.preparePrimary(nobody, 'everybody'));
    expect(prepared).toMatchObject({ ok: false, error: { retryable: false } });
    expect(prepared.ok ? '' : prepared.error.problem).toContain('it must start as one and be promoted');
  });

  test('after a clean shutdown the standby has replayed past the last checkpoint', async () => {
    await using made = await pair();
    const { a, b, settled, until } = made;
    expect(await a.write(limitMs)).toBe(true);
    await a.stop();
    const found = await settled(a.postgres.inspect(5_000));
    if (found.kind !== 'present') throw new Error(JSON.stringify(found));
    expect(found.data.clusterState).toBe('shut down');
    await until(async () => {
      const look = await settled(b.postgres.look(1_000));
      return look.kind === 'standby' && look.replayLsn > found.data.checkpointLsn;
    }, limitMs);
  });

  async function streams({ a, b, settled }: ServersUnderTest): Promise<boolean> {
    const look = await settled(b.postgres.look(1_000));
    return look.kind === 'standby' && look.streamingFrom === `${a.upstream.host}:${a.upstream.port}`;
  }
}
