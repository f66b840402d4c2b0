/** etcd is not there: at the start of everything, and under a cluster that works. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLeader, readStatus } from '../../scripts/rig/daemon-facts.ts';
import { monoNow } from '../../scripts/rig/rig-member.ts';
import type { Rig } from '../../scripts/rig/rig.ts';
import { expectIntact, writing } from '../support/checked-client.ts';
import { aCluster } from '../support/cluster.ts';
import { readKey } from '../support/etcd-keys.ts';
import { aLoneHost } from '../support/lone-host.ts';
import { startEtcd } from '../support/real-etcd.ts';

const limitMs = 60_000;
/** Longer than the lease and all windows together. */
const withoutEtcdMs = 8_000;
/** Of somebody who waits for nothing: longer than a start of PostgreSQL takes. */
const lookOnMs = 3_000;

let rig: Rig;
beforeAll(async () => {
  rig = await aCluster();
});
afterAll(() => rig?.stopAll());

const logOf = (name: string): string => readFileSync(rig.member(name).files.logFile, 'utf8');
const count = (text: string, what: string): number => text.split(what).length - 1;

test('etcd stops for longer than the lease under a primary with a healthy standby: nobody notices, but the log', async () => {
  const leader = (await readLeader(rig))?.name ?? '';
  const standby = leader === 'a' ? 'b' : 'a';
  const postmasters = ['a', 'b'].map((name) => rig.member(name).postmasterPid());
  const before = { a: logOf('a'), b: logOf('b') };
  const client = await writing(rig);
  const stoppedMono = monoNow();
  await rig.etcd.kill(0);
  await sleep(withoutEtcdMs); // The fault itself is this long.
  const explained = JSON.stringify((await rig.member(leader).get('/v1/explain'))?.body);
  expect((await rig.member(leader).get('/primary'))?.code).toBe(200);
  expect((await rig.member(standby).get('/primary'))?.code).toBe(503);
  await rig.etcd.restart(0);
  await rig.waitFor('the daemons see etcd again', limitMs, async () => {
    const seen = await Promise.all(['a', 'b'].map((name) => rig.member(name).get('/v1/explain')));
    return seen.every((answer) => answer?.code === 200 && !JSON.stringify(answer.body).includes('etcd unreachable'));
  });
  await rig.waitFor('redundant again', limitMs, () => rig.steady());
  await client.untilMore(50, limitMs);
  await expectIntact(rig, client, leader);

  const [longest] = client.outages(stoppedMono);
  expect(longest?.lengthMs ?? 0, client.problems.join('\n')).toBeLessThan(1_500);
  expect(explained).toContain('etcd unreachable');
  expect((await readLeader(rig))?.name).toBe(leader);
  expect(['a', 'b'].map((name) => rig.member(name).postmasterPid())).toEqual(postmasters);
  for (const name of ['a', 'b'] as const) {
    const since = logOf(name).slice(before[name].length);
    // Once for each change, not once for each attempt.
    expect([name, count(since, '"etcd does not answer"'), count(since, '"etcd answers"')]).toEqual([name, 1, 1]);
  }
});

test('batond is killed long after its PostgreSQL was started: the new one takes over what runs', async () => {
  const leader = (await readLeader(rig))?.name ?? '';
  const postmasters = ['a', 'b'].map((name) => rig.member(name).postmasterPid());
  await rig.member(leader).kill('batond');
  rig.member(leader).start();
  await rig.waitFor(
    'the new batond leads',
    limitMs,
    async () => (await rig.member(leader).get('/primary'))?.code === 200,
  );
  await rig.waitFor('redundant', limitMs, () => rig.steady());
  expect((await readLeader(rig))?.name).toBe(leader);
  expect(['a', 'b'].map((name) => rig.member(name).postmasterPid())).toEqual(postmasters);
});

test('etcd is not there when a whole cluster starts: nothing is started, and when etcd comes the old cluster does', async () => {
  const term = Number((await readKey(rig, 'leader'))?.modRevision);
  const identifier = (await readKey(rig, 'initialize'))?.value;
  await Promise.all([rig.killNode('a'), rig.killNode('b'), rig.etcd.kill(0)]);
  const before = { a: logOf('a'), b: logOf('b') };
  for (const name of ['a', 'b']) rig.restartNode(name);
  for (const name of ['a', 'b'])
    await rig.waitFor(`${name} waits for etcd`, limitMs, () =>
      logOf(name).includes('etcd was not read yet', before[name as 'a'].length),
    );
  for (const until = performance.now() + lookOnMs; performance.now() < until; await sleep(50)) {
    expect(['a', 'b'].map((name) => rig.member(name).postmasterPid())).toEqual([null, null]);
  }
  expect((await rig.member('a').get('/liveness'))?.code).toBe(200);
  expect((await rig.member('a').get('/primary'))?.code).toBe(503);
  expect(JSON.stringify((await rig.member('a').get('/v1/explain'))?.body)).toMatch(
    /etcd .*was never read|etcd has not been read/,
  );
  for (const name of ['a', 'b'] as const)
    expect(count(logOf(name).slice(before[name].length), '"etcd does not answer"')).toBe(1);

  await rig.etcd.restart(0);
  await rig.waitFor('the cluster is back and redundant', limitMs, () => rig.steady());
  expect((await readKey(rig, 'initialize'))?.value).toBe(identifier);
  expect(Number((await readKey(rig, 'leader'))?.modRevision)).toBeGreaterThanOrEqual(term);
  await using client = await writing(rig);
  const leader = (await readLeader(rig))?.name ?? '';
  await expectIntact(rig, client, leader);
});

test('etcd is not there when a new member starts: it makes nothing, and the cluster once etcd is there', async () => {
  const etcd = await startEtcd({ members: 1 });
  try {
    await etcd.kill(0);
    await using host = await aLoneHost({ etcd: etcd.endpoints });
    host.member.start();
    await host.waitFor('it waits for etcd', limitMs, () => host.log().includes('etcd was not read yet'));
    host.expect('batond.log', 'state');
    expect(host.left().paths.filter((path) => !path.startsWith('state/'))).toEqual([]);
    await etcd.restart(0);
    await host.waitFor('it leads a cluster', limitMs, async () => (await host.member.get('/primary'))?.code === 200);
    expect(await readStatus(rig, 'a')).not.toBeNull(); // The other cluster has nothing to do with it.
  } finally {
    await etcd.stop();
  }
});
