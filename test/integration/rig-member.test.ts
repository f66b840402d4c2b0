import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeDirectory, writeMemberFiles } from '../../scripts/rig/member-files.ts';
import { daemonOwner } from '../../scripts/rig/owner.ts';
import { type Part, RigMember } from '../../scripts/rig/rig-member.ts';
import { sweep } from '../../scripts/rig/sweep.ts';
import { loadConfig } from '../../src/config/load.ts';

/** Stand-ins with the shape of the real processes: who starts whom, where they live, and what outlives what. */
const batond = `
import { spawn } from 'node:child_process';
const guardian = process.argv[1].replace('batond', 'guardian');
spawn(process.execPath, [guardian], { detached: true, stdio: 'ignore' }).unref();
setInterval(() => {}, 1000);`;
const guardian = `
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
mkdirSync('data', { recursive: true });
const bare = { cwd: 'data', env: {}, stdio: 'ignore' };
const postmaster = spawn('/usr/bin/setpriv', ['--pdeathsig', 'KILL', '/bin/sleep', '600'], bare);
for (let backend = 0; backend < 3; backend++) spawn('/bin/sleep', ['601'], { ...bare, detached: true }).unref();
writeFileSync('data/postmaster.pid', postmaster.pid + '\\n');
setInterval(() => {}, 1000);`;

const owner = daemonOwner();
const rigId = randomBytes(8).toString('hex');
let directory: string;
let a: RigMember;
let b: RigMember;

beforeEach(async () => {
  directory = mkdtempSync(join(realpathSync(tmpdir()), 'baton-members-'));
  makeDirectory(directory, 0o711, owner);
  const programs = join(directory, 'src', 'main');
  mkdirSync(programs, { recursive: true });
  writeFileSync(join(programs, 'batond.ts'), batond);
  writeFileSync(join(programs, 'guardian.ts'), guardian);
  const aMember = async (name: string) => {
    const own = join(directory, name);
    makeDirectory(own, 0o711, owner);
    const files = await writeMemberFiles({
      observes: false,
      ...{ cluster: 'domain-1', name, location: 'here', directory: own, dataDir: join(own, 'data'), owner },
      binDir: '/usr/lib/postgresql/15/bin',
      ...{ etcdEndpoints: ['http://127.0.0.1:2379'], superuserPassword: 'wagtail', replicationPassword: 'redstart' },
      ...{ shared: {}, parameters: {}, notify: {}, ports: null, network: '127.0.0.0/8' },
    });
    return new RigMember(rigId, files, owner, null, join(programs, 'batond.ts'));
  };
  a = await aMember('a');
  b = await aMember('b');
  for (const member of [a, b]) member.start();
  await until(() => counts(a) === '1 1 1 6' && counts(b) === '1 1 1 6');
});
afterEach(() => sweep({ rigId, directory, member: null, uid: owner.uid }, false));

const parts: readonly Part[] = ['batond', 'guardian', 'postmaster', 'node'];
/** How many processes of each part run. */
const counts = (member: RigMember): string => parts.map((part) => member.processes(part).length).join(' ');

async function until(fact: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!fact()) {
    if (performance.now() > deadline) throw new Error(`a ${counts(a)}, b ${counts(b)}\n${a.logTail()}`);
    await sleep(10);
  }
}

describe('a member of a rig', () => {
  const kills: readonly (readonly [part: Part, left: string])[] = [
    ['batond', '0 1 1 5'],
    ['guardian', '1 0 0 4'],
    ['postmaster', '1 1 0 5'],
    ['node', '0 0 0 0'],
  ];
  test.for(kills)(
    'killed %s: that dies, with what the kernel ends with it, and nothing of the other member',
    async ([part, left]) => {
      await a.kill(part);
      await until(() => counts(a) === left);
      expect(counts(b)).toBe('1 1 1 6');
    },
  );

  test('a killed node can be started again', async () => {
    await a.kill('node');
    a.start();
    await until(() => counts(a) === '1 1 1 6');
  });

  test('batond is not started twice', () => {
    expect(() => a.start()).toThrow('batond of a is running');
  });

  test('what does not run cannot be killed', async () => {
    await a.kill('node');
    await expect(a.kill('postmaster')).rejects.toThrow('no postmaster of a is running');
  });

  test('a stale postmaster.pid names nobody', async () => {
    writeFileSync(join(a.files.dataDir, 'postmaster.pid'), `${process.pid}\n`);
    expect(a.postmasterPid()).toBeNull();
  });

  test('a frozen node stands still and goes on when it is thawed; a frozen part leaves the rest running', async () => {
    const states = (member: RigMember) =>
      member.processes('node').map(({ state }) => (state === 'T' ? 'stopped' : 'runs'));
    await a.freeze('node');
    expect(new Set(states(a))).toEqual(new Set(['stopped']));
    expect(new Set(states(b))).toEqual(new Set(['runs']));
    a.thaw();
    await until(() => !states(a).includes('stopped'));
    await a.freeze('batond');
    await until(() => states(a).filter((state) => state === 'stopped').length === 1);
  });

  test('batond accepts the configuration, which holds no secret; secrets are files of mode 0600', () => {
    const loaded = loadConfig(a.files.configFile, { BATON_RIG: rigId });
    expect(loaded).toMatchObject({ ok: true, value: { warnings: [], config: { member: { name: 'a' } } } });
    if (!loaded.ok || loaded.value.role !== 'data') return;
    const { superuser, replication } = loaded.value.config.postgres;
    expect([superuser, replication].map(({ passwordFile }) => readFileSync(passwordFile, 'utf8'))).toEqual([
      'wagtail\n',
      'redstart\n',
    ]);
    for (const { passwordFile } of [superuser, replication])
      expect(statSync(passwordFile)).toMatchObject({ uid: owner.uid, mode: 0o100600 });
    expect(readFileSync(a.files.configFile, 'utf8')).not.toMatch(/wagtail|redstart/);
  });
});
