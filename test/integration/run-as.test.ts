/** batond started by root, as an init system does: it gives root up, and so does everything that it starts. */
import { chmodSync, chownSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startRig } from '../../scripts/rig/rig.ts';
import { aLoneHost, type LoneHost } from '../support/lone-host.ts';

const limitMs = 40_000;

/** Real, effective, saved and file system user of a process, and its groups. */
function identityOf(pid: number) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const numbers = (field: string): readonly number[] =>
    (new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '').trim().split(/\s+/).map(Number);
  return { users: [...new Set(numbers('Uid'))], groups: [...new Set(numbers('Gid'))], others: numbers('Groups') };
}

/** Everything below the directory that is not the owner's. */
const strangers = (host: LoneHost, directory: string): readonly string[] =>
  [
    directory,
    ...readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((path) => join(directory, path)),
  ].filter((path) => lstatSync(path).uid !== host.owner.uid || lstatSync(path).gid !== host.owner.gid);

test.runIf(process.getuid?.() === 0)(
  'with postgres.runAs, a batond that root starts leads a cluster in which nothing is root’s',
  async () => {
    await using rig = await startRig({ members: [] });
    await using host = await aLoneHost({ etcd: rig.etcd.endpoints, asRoot: true });
    // As a package would install it: secrets are root's, and the directories are still to be made.
    for (const secret of ['superuser.password', 'replication.password']) chownSync(join(host.directory, secret), 0, 0);
    chownSync(host.directory, 0, 0);
    chmodSync(host.directory, 0o755);
    const at = (path: string) => join(host.directory, path);
    host.configure((config) => {
      config.postgres.runAs = 'postgres';
      config.postgres.dataDir = at('var/lib/data');
      config.state = at('var/run/state');
    });
    const leads = (): Promise<boolean> =>
      host.waitFor('it takes writes', limitMs, async () => (await host.member.get('/primary'))?.code === 200);
    host.member.start();
    await leads();

    const pids = (): readonly number[] => host.left().processes.map((line) => Number(line.split(' ')[0]));
    const expected = { users: [host.owner.uid], groups: [host.owner.gid] };
    expect(pids().length).toBeGreaterThan(5); // batond, guardian, postmaster and its children
    for (const pid of pids()) {
      const { others, ...identity } = identityOf(pid);
      expect({ pid, ...identity }).toEqual({ pid, ...expected });
      expect(others).not.toContain(0);
    }
    expect(strangers(host, at('var'))).toEqual([]);

    // A restart by root takes over what is there.
    const postmaster = readFileSync(at('var/lib/data/postmaster.pid'), 'utf8');
    await host.member.kill('batond');
    host.member.start();
    await leads();
    expect(readFileSync(at('var/lib/data/postmaster.pid'), 'utf8')).toBe(postmaster);
    expect(host.log()).not.toContain('planted');
  },
);
