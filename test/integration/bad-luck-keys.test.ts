/**
 * Somebody writes into etcd what nobody can read. The daemons live, say which key it is, and change nothing because of
 * it; once the key is as it was, everything is as it was.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { CheckingClient } from '../../scripts/rig/client.ts';
import { monoNow } from '../../scripts/rig/rig-member.ts';
import type { Rig } from '../../scripts/rig/rig.ts';
import { expectIntact, goesOn, writing } from '../support/checked-client.ts';
import { aCluster } from '../support/cluster.ts';
import { type EtcdKey, readJsonKey, readKey, removeKey, writeKey } from '../support/etcd-keys.ts';
import { redundantPair } from '../support/redundant-pair.ts';

const limitMs = 20_000;
/** Of a cluster in which a key is broken: longer than any evidence takes to become complete. */
const lookOnMs = 2_000;
const outageMsMax = 1_500;

let rig: Rig;
let client: CheckingClient;
beforeAll(async () => {
  rig = await aCluster();
  client = await writing(rig, { writers: 1 });
});
afterAll(async () => {
  await client?.stop();
  await rig?.stopAll();
});
let postmasters: readonly (number | null)[] = [];
beforeEach(async () => {
  await redundantPair(rig);
  postmasters = pids();
});

const pids = (): readonly (number | null)[] => ['a', 'b'].map((name) => rig.member(name).postmasterPid());
const logOf = (name: string): string => readFileSync(rig.member(name).files.logFile, 'utf8');

/** What the daemon of a member says on its API. */
async function says(name: string, path: string): Promise<string> {
  const answer = await rig.member(name).get(path);
  expect(answer?.code, `${name} ${path}`).toBe(200);
  return JSON.stringify(answer?.body);
}

async function answersEverything(forMs: number): Promise<void> {
  for (const until = performance.now() + forMs; performance.now() < until; await sleep(100))
    for (const name of ['a', 'b'])
      for (const path of ['/v1/status', '/v1/explain', '/v1/incidents', '/v1/self', '/history', '/cluster'])
        await says(name, path);
}

/** Writes the garbage, sees that it is said and changes nothing, repairs the key, sees that nothing is said any more. */
async function breakAndRepair(key: string, garbage: string): Promise<void> {
  const before = await readKey(rig, key);
  const sync = await readJsonKey(rig, 'sync');
  const { leader } = await redundantPair(rig);
  const saying = `key ${key}:`;
  const brokenMono = monoNow();
  try {
    await breakKey(key, garbage, saying);
    if (key !== 'sync') expect(await readJsonKey(rig, 'sync')).toEqual(sync);
  } finally {
    await repair(key, before);
  }
  await rig.waitFor(
    'nobody says it any more',
    limitMs,
    async () => !`${await says('a', '/v1/status')}${await says('b', '/v1/status')}`.includes(saying),
  );
  const healed = await redundantPair(rig);
  expect(healed.leader).toBe(leader);
  expect(pids()).toEqual(postmasters);
  await client.untilMore(20, limitMs);
  const [longest] = client.outages(brokenMono);
  expect(longest?.lengthMs ?? 0, client.problems.join('\n')).toBeLessThan(outageMsMax);
}

/** Everybody says in log, status and explanation which key it is; nothing else happens, and writes go on. */
async function breakKey(key: string, garbage: string, saying: string): Promise<void> {
  const logs = { a: logOf('a').length, b: logOf('b').length };
  await writeKey(rig, key, garbage);
  const until = performance.now() + lookOnMs;
  for (const name of ['a', 'b'] as const) {
    await rig.waitFor(`${name} logs that ${key} is broken`, limitMs, () => logOf(name).includes(saying, logs[name]));
    for (const path of ['/v1/status', '/v1/explain'])
      await rig.waitFor(`${name} ${path} says that ${key} is broken`, limitMs, async () =>
        (await says(name, path)).includes(saying),
      );
  }
  for (; performance.now() < until; await sleep(100)) expect(pids()).toEqual(postmasters);
  await client.untilMore(20, limitMs);
}

async function repair(key: string, before: EtcdKey | null): Promise<void> {
  if (before === null) await removeKey(rig, key);
  else await writeKey(rig, key, before.value, before.lease);
}

const cases: readonly (readonly [key: string, garbage: string])[] = [
  ['sync', 'this is no JSON'],
  ['sync', '{"leader":"a","sync_standby":"b","mode":"sometimes","copies":{}}'],
  ['initialize', 'twelve'],
  ['config', '{"lease":{"ttl":"5 fortnights"}}'],
  ['config', '\u0000\u0001'],
  ['history', '{"not":"a list"}'],
  ['failover', '{"kind":"switchover"}'],
  ['failover', 'null'],
];
for (const [key, garbage] of cases) test(`${key} holds ${JSON.stringify(garbage)}`, () => breakAndRepair(key, garbage));

test('leader holds something else than a name: the leader goes on, and whoever leads after the repair has every write', async () => {
  const before = await readKey(rig, 'leader');
  await breakKey('leader', '{"leader":"a"}', 'key leader:');
  // A repaired key is a new term: nobody has claimed it yet, so the old leader may have to stop first.
  await repair('leader', before);
  await redundantPair(rig);
  await goesOn(client);
});

test('config cannot be read: the mode in force stays, whatever the local file says', async () => {
  const config = await readJsonKey(rig, 'config');
  const strict = { ...config, synchronous: { mode: 'strict' } };
  const before = await readKey(rig, 'config');
  await writeKey(rig, 'config', JSON.stringify(strict));
  const isStrict = async (): Promise<boolean> => (await readJsonKey(rig, 'sync'))['mode'] === 'strict';
  await rig.waitFor('mode strict is in force', limitMs, isStrict);
  await redundantPair(rig);
  await writeKey(rig, 'config', 'this is no JSON');
  try {
    // One that begins only now knows no other than its local file.
    const { leader } = await redundantPair(rig);
    await rig.member(leader).kill('batond');
    rig.member(leader).start();
    await rig.waitFor(
      'the new daemon leads',
      limitMs,
      async () => (await rig.member(leader).get('/primary'))?.code === 200,
    );
    const until = performance.now() + lookOnMs;
    while (performance.now() < until) {
      expect(await isStrict()).toBe(true);
      await sleep(50);
    }
  } finally {
    await repair('config', before);
  }
  await rig.waitFor('mode available is in force again', limitMs, async () => !(await isStrict()));
});

test.each(['a', 'b'])('members/%s holds garbage: its daemon mends that by itself', async (name) => {
  const { leader } = await redundantPair(rig);
  const lease = (await readKey(rig, `members/${name}`))?.lease;
  await writeKey(rig, `members/${name}`, '{"conn_url":17}', lease);
  await rig.waitFor(
    'it is written anew',
    limitMs,
    async () => (await readKey(rig, `members/${name}`))?.value.includes('postgres://') === true,
  );
  expect((await redundantPair(rig)).leader).toBe(leader);
  expect(pids()).toEqual(postmasters);
});

test.each([
  ['incidents/20990101-000000-x', 'null'],
  ['audit/x', '[]'],
  ['handover', '{}'],
  ['predecessor', '{"member":7}'],
  ['timeline', '{"number":-1}'],
  ['status', 'x'],
  ['members/Not A Name', '{}'],
  ['something/else', '\u0000'],
])('%s holds %s, on which nothing depends: every answer goes on being given', async (key, garbage) => {
  const before = await readKey(rig, key);
  await writeKey(rig, key, garbage);
  try {
    await answersEverything(1_000);
    expect(pids()).toEqual(postmasters);
  } finally {
    await repair(key, before);
  }
});

test('through all of that no acknowledged write was lost', async () => {
  const { leader } = await redundantPair(rig);
  await expectIntact(rig, client, leader);
});

test('incidents/… holds half an incident: it is left out, and every answer goes on being given', async () => {
  const id = '20990101-000000-half';
  await writeKey(rig, `incidents/${id}`, `{"v":1,"id":"${id}","state":"open"}`);
  try {
    await answersEverything(1_000);
  } finally {
    await removeKey(rig, `incidents/${id}`);
  }
  await answersEverything(1_000);
  expect(pids()).toEqual(postmasters);
});
