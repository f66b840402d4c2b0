/** A member that is not who its cluster takes it for: data of another cluster, or a name that a living member has. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asOwner } from '../../scripts/rig/owner.ts';
import { type Rig, startRig } from '../../scripts/rig/rig.ts';
import { aCluster } from '../support/cluster.ts';
import { readJsonKey, readKey } from '../support/etcd-keys.ts';
import { aLoneHost, binDir, type LoneHost } from '../support/lone-host.ts';

const limitMs = 40_000;
/** Longer than the lease, so that everything that would go wrong by itself has. */
const lookOnMs = 7_000;

let rig: Rig;
beforeAll(async () => {
  rig = await aCluster({ members: ['a'] });
  await serves();
});
afterAll(() => rig?.stopAll());

/** The key alone says nothing of PostgreSQL. */
const serves = (): Promise<boolean> =>
  rig.waitFor('a takes writes', limitMs, async () => (await rig.member('a').get('/primary'))?.code === 200);

/** A database of its own on the host, as another cluster would have left it there. */
function foreignData(host: LoneHost): string {
  const data = join(host.directory, 'data');
  const [initdb, ...args] = asOwner(host.owner, join(binDir, 'initdb'), '-D', data, '-U', 'postgres', '--no-sync');
  execFileSync(initdb, args, { cwd: host.directory, stdio: 'ignore' });
  const control = execFileSync(join(binDir, 'pg_controldata'), ['-D', data], { encoding: 'utf8' });
  const identifier = /Database system identifier:\s+(\d+)/.exec(control)?.[1];
  if (identifier === undefined) throw new Error(control);
  return identifier;
}

/** Every file's path, content and time of change. */
function fingerprint(directory: string): string {
  const hash = createHash('sha256');
  for (const path of readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const { mtimeMs } = statSync(join(directory, path));
    hash.update(`${path} ${mtimeMs}\n`);
    if (statSync(join(directory, path)).isFile()) hash.update(readFileSync(join(directory, path)));
  }
  return hash.digest('hex');
}

/** What nobody else may change of the member that was there first. */
async function firstMember() {
  const { conn_url, api_url, lease_id } = await readJsonKey(rig, 'members/a');
  const [leader, member] = await Promise.all([readKey(rig, 'leader'), readKey(rig, 'members/a')]);
  const postmaster = rig.member('a').postmasterPid();
  return { conn_url, api_url, lease_id, leader: leader?.modRevision, lease: member?.lease, postmaster };
}

/** During a while that is longer than the lease, whatever is asked for stays so. */
async function staysSo(fact: () => unknown | Promise<unknown>, expected: unknown): Promise<void> {
  for (const until = performance.now() + lookOnMs; performance.now() < until; await sleep(100))
    expect(await fact()).toEqual(expected);
}

test("another cluster's data is refused with both identifiers, and nothing in it changes", async () => {
  await using host = await aLoneHost({ etcd: rig.etcd.endpoints, name: 'c' });
  const foreign = foreignData(host);
  const before = fingerprint(join(host.directory, 'data'));
  const own = (await readKey(rig, 'initialize'))?.value ?? '';
  const { code, stderr } = await host.run();
  expect({ code, processes: host.left().processes }, stderr).toEqual({ code: 2, processes: [] });
  expect(stderr).toContain(`postgres.dataDir: ${host.directory}/data is of system ${foreign}, this cluster is ${own}`);
  expect(stderr).toMatch(/\n\s+move it away/);
  expect(fingerprint(join(host.directory, 'data'))).toBe(before);
  expect(await readKey(rig, 'members/c')).toBeNull();
});

test('a second daemon with the name of a living member is refused with both addresses, and the first is not disturbed', async () => {
  await using host = await aLoneHost({ etcd: rig.etcd.endpoints });
  const first = await firstMember();
  const { code, stderr } = await host.run();
  expect({ code, processes: host.left().processes }, stderr).toEqual({ code: 2, processes: [] });
  const { files } = rig.member('a');
  expect(stderr).toMatch(/member\.name: a is the name of a living member at/);
  expect(stderr).toContain(`${files.host}:${files.postgresPort}`);
  expect(stderr).toContain(`${host.member.files.host}:${host.member.files.postgresPort}`);
  expect(await firstMember()).toEqual(first);
});

test('batond started twice with one configuration: the second ends and says so, the first goes on', async () => {
  await using host = await aLoneHost({ etcd: rig.etcd.endpoints });
  const first = await firstMember();
  const { code, stderr } = await host.run(['--config', rig.member('a').files.configFile]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/batond\.sock: another batond answers there/);
  expect(rig.member('a').processes('guardian')).toHaveLength(1);
  expect(await firstMember()).toEqual(first);
  await serves();
});

test('a member that was killed is no stranger to itself: it comes back at once, while its old lease still lives', async () => {
  await rig.killNode('a');
  rig.restartNode('a');
  await serves();
});

test('etcd was not there to ask: the second daemon of a name and the foreign data still come to nothing', async () => {
  const first = await firstMember();
  await rig.etcd.kill(0);
  await using namesake = await aLoneHost({ etcd: rig.etcd.endpoints });
  await using foreigner = await aLoneHost({ etcd: rig.etcd.endpoints, name: 'c' });
  const foreign = foreignData(foreigner);
  const before = fingerprint(join(foreigner.directory, 'data'));
  for (const host of [namesake, foreigner]) {
    host.member.start();
    await host.waitFor('it waits for etcd', limitMs, () => host.log().includes('etcd was not read yet'));
  }
  await rig.etcd.restart(0);

  const own = (await readKey(rig, 'initialize'))?.value ?? '';
  await foreigner.waitFor('it says whose data that is', limitMs, () => {
    const log = foreigner.log();
    return log.includes(foreign) && log.includes(own);
  });
  const { host, postgresPort } = rig.member('a').files;
  await namesake.waitFor('it says whose name that is', limitMs, () =>
    namesake.log().includes(`${host}:${postgresPort}`),
  );
  await staysSo(firstMember, first);
  expect([namesake, foreigner].map((each) => each.member.postmasterPid())).toEqual([null, null]);
  expect(fingerprint(join(foreigner.directory, 'data'))).toBe(before);
  expect(JSON.stringify((await foreigner.member.get('/v1/status'))?.body)).toContain(foreign);
});

test('data that etcd knows no cluster of is neither used nor removed', async () => {
  await using empty = await startRig({ members: [] });
  await using host = await aLoneHost({ etcd: empty.etcd.endpoints });
  const foreign = foreignData(host);
  const before = fingerprint(join(host.directory, 'data'));
  host.member.start();
  await host.waitFor(
    'it says so',
    limitMs,
    () => /etcd knows no cluster/.test(host.log()) && host.log().includes(foreign),
  );
  expect(host.member.postmasterPid()).toBeNull();
  expect(fingerprint(join(host.directory, 'data'))).toBe(before);
  expect(await readKey(empty, 'initialize')).toBeNull();
  expect(await readKey(empty, 'leader')).toBeNull();
});
