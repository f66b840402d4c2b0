/** What the faults of a disk and of PostgreSQL's own processes make of the simulated server. */
import { onto } from '../../support/onto.ts';
import { describe, expect, test } from 'vitest';
import { aPair, nobody, type Pair, upstream } from './a-pair.ts';
import type { StorageState } from './storage.ts';

const signal = new AbortController().signal;
const becomes = (pair: Pair, name: string, state: StorageState) => pair.disk(name).storage.become(state);

describe('a disk', () => {
  test('that hangs holds up commits and nothing else', async () => {
    const { pair, a } = await aPair();
    becomes(pair, 'a', { kind: 'hung' });
    const commit = pair.commit('a', 'one');
    await pair.clock.runFor(20_000);
    expect(commit.acked).toBe(false);
    expect(await pair.settled(a.probeLocal(500))).toMatchObject({ outcome: 'ok' });
    becomes(pair, 'a', { kind: 'sound' });
    await pair.until(() => commit.acked);
  });

  test('that hangs keeps a killed process there until its fsync returns', async () => {
    const { pair } = await aPair();
    const server = pair.server('a');
    becomes(pair, 'a', { kind: 'hung' });
    const commit = pair.commit('a', 'one');
    await pair.clock.runFor(10);
    server.killPostmaster();
    await pair.clock.runFor(20_000);
    expect(server.pids()).toHaveLength(1);
    becomes(pair, 'a', { kind: 'sound' });
    await pair.until(() => server.phase === 'gone');
    expect(commit.acked).toBe(false);
  });

  test('that is slow makes every commit wait for its own fsync', async () => {
    const { pair } = await aPair();
    becomes(pair, 'a', { kind: 'slow', syncMs: 700 });
    const since = pair.clock.mono();
    const commit = pair.commit('a', 'one');
    await pair.until(() => commit.acked);
    expect(pair.clock.mono() - since).toBeGreaterThanOrEqual(700);
  });

  test.each<StorageState>([
    { kind: 'full', where: 'wal' },
    { kind: 'failing' },
    { kind: 'read-only', what: 'file system' },
  ])('on which no WAL can be written ends a primary, which does not come up before it can: %o', async (state) => {
    const { pair, a } = await aPair();
    becomes(pair, 'a', state);
    const commit = pair.commit('a', 'one');
    await pair.until(() => pair.server('a').phase === 'gone');
    expect(commit.acked).toBe(false);
    pair.start('a');
    await pair.until(() => pair.server('a').phase === 'gone');
    becomes(pair, 'a', { kind: 'sound' });
    await pair.ok(a.preparePrimary(nobody, 'everybody'));
    pair.start('a');
    await pair.until(() => pair.server('a').phase === 'primary');
  });

  test('that is full is borne by a standby, which streams on when there is room', async () => {
    const { pair } = await aPair();
    becomes(pair, 'b', { kind: 'full', where: 'wal' });
    const commit = pair.commit('a', 'one');
    await pair.until(() => commit.acked);
    await pair.clock.runFor(5_000);
    expect(pair.server('b').phase).toBe('standby');
    const has = () => pair.disk('b').data?.records.some((record) => record.id === 'one') === true;
    expect(has()).toBe(false);
    becomes(pair, 'b', { kind: 'sound' });
    await pair.until(has);
  });

  test('with room for WAL and for nothing else refuses what clients write, and takes probes', async () => {
    const { pair, a } = await aPair();
    becomes(pair, 'a', { kind: 'full', where: 'data' });
    const commit = pair.commit('a', 'one');
    expect(await pair.settled(a.writeProbe(1_000))).toMatchObject({ ok: true });
    await pair.clock.runFor(1_000);
    expect(commit.acked).toBe(false);
    expect(await pair.settled(a.waitFor(nobody, signal))).toMatchObject({ ok: false });
  });
});

test('a promotion that dies half-way leaves neither a standby nor a primary', async () => {
  const { pair, b } = await aPair();
  pair.disk('b').circumstances.promotionDies = true;
  expect((await pair.settled(b.promote(onto(2), nobody, () => true, signal))).ok).toBe(false);
  expect(pair.server('b').phase).toBe('gone');
  const found = await pair.settled(b.inspect(1_000));
  expect(found).toMatchObject({ data: { clusterState: 'in archive recovery', standbySignal: false, timeline: 2 } });
  expect((await pair.settled(b.preparePrimary(nobody, 'everybody'))).ok).toBe(false);
  pair.disk('b').circumstances.promotionDies = false;
  await pair.ok(b.prepareStandby(upstream('a')));
  pair.start('b');
  await pair.until(() => pair.server('b').phase === 'standby');
  expect(await pair.settled(b.promote(onto(2), nobody, () => true, signal))).toMatchObject({
    error: { problem: expect.stringContaining('begun here already') },
  });
  await pair.ok(b.promote(onto(3), nobody, () => true, signal));
  expect(pair.left.at(-1)).toBe('b promoted on 3');
});

test('a stopped backend says nothing until it goes on, and holds up nobody else', async () => {
  const { pair } = await aPair();
  const { backends } = pair.server('a');
  const commit = pair.commit('a', 'one');
  const [backend] = [...backends].slice(-1);
  if (backend === undefined) throw new Error('no backend');
  backends.stop(backend);
  const other = pair.commit('a', 'two');
  await pair.until(() => other.acked);
  expect(commit.acked).toBe(false);
  backends.continue(backend);
  await pair.until(() => commit.acked);
});
