/** The host has not what PostgreSQL needs: an address, a disk, a program. It is said by name, and mended by trying again. */
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rig, startRig } from '../../scripts/rig/rig.ts';
import { aLoneHost, binDir, type LoneHost } from '../support/lone-host.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';

const limitMs = 40_000;
const isRoot = process.getuid?.() === 0;

/** An etcd for one cluster after the other, each under a name of its own. */
let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ members: [] });
});
afterAll(() => rig?.stopAll());

async function aHostOf(
  cluster: string,
  name = 'a',
  change: (config: never) => void = () => undefined,
): Promise<LoneHost> {
  const host = await aLoneHost({ etcd: rig.etcd.endpoints, name });
  host.configure((config) => {
    config.cluster = cluster;
    change(config as never);
  });
  return host;
}

const leads = (host: LoneHost): Promise<boolean> =>
  host.waitFor('it takes writes', limitMs, async () => (await host.member.get('/primary'))?.code === 200);
const streams = (host: LoneHost): Promise<boolean> =>
  host.waitFor(
    'it streams',
    limitMs,
    async () => (await host.member.get('/replica?replication_state=streaming'))?.code === 200,
  );
const says = (host: LoneHost, what: string): Promise<boolean> =>
  host.waitFor(`its log says "${what}"`, limitMs, () => host.log().includes(what));

/** Somebody else's server. */
async function squatter(host: string, port: number): Promise<AsyncDisposable> {
  const server = createServer((socket) => socket.destroy()).listen({ host, port });
  await once(server, 'listening');
  return {
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

test("PostgreSQL's port is taken: the address is named, and once it is free the member leads", async () => {
  await using host = await aHostOf('port');
  const { host: address, postgresPort } = host.member.files;
  {
    await using _ = await squatter(address, postgresPort);
    host.member.start();
    await says(host, `cannot listen on ${address}:${postgresPort}: another process does`);
    expect(host.member.postmasterPid()).toBeNull();
  }
  await leads(host);
});

test("the API's port is taken: batond ends, names it, and has started nothing", async () => {
  await using host = await aHostOf('api');
  const { host: address, apiPort } = host.member.files;
  {
    await using _ = await squatter(address, apiPort);
    const { code, stderr } = await host.run();
    expect(code).toBe(1);
    expect(stderr).toContain(`cannot listen on ${address}:${apiPort} (EADDRINUSE): another process listens there`);
    expect(host.left().processes).toEqual([]);
  }
  host.member.start();
  await leads(host);
});

test('a program is gone when it is needed: it is named, and once it is back the member leads', async () => {
  await using host = await aHostOf('program');
  for (const program of ['postgres', 'initdb', 'pg_basebackup', 'pg_controldata', 'pg_rewind', 'pg_waldump'])
    host.place(`bin/${program}`, `#!/bin/sh\nexec ${binDir}/${program} "$@"\n`, 0o755);
  const initdb = join(host.directory, 'bin/initdb');
  host.configure((config) => {
    config.cluster = 'program';
    config.postgres.binDir = join(host.directory, 'bin');
  });
  await rig.etcd.kill(0);
  host.member.start();
  await says(host, 'etcd was not read yet');
  chmodSync(initdb, 0o600);
  await rig.etcd.restart(0);
  await says(host, initdb);
  expect(readdirSync(host.directory).filter((name) => name.startsWith('data'))).toEqual([]);
  chmodSync(initdb, 0o755);
  await leads(host);
});

function aDisk(host: LoneHost): Promise<SmallDisk> {
  const path = join(host.directory, 'disk');
  mkdirSync(path);
  return mountSmallDisk(path, '20m', host.owner);
}

const onDisk = (host: LoneHost, cluster: string): void =>
  host.configure((config) => {
    config.cluster = cluster;
    config.postgres.dataDir = join(host.directory, 'disk/data');
  });

test.runIf(isRoot)(
  'the disk is full at the bootstrap and at a clone: nothing half-made is left, and a larger disk will do',
  async () => {
    await using first = await aLoneHost({ etcd: rig.etcd.endpoints, name: 'a' });
    await using second = await aLoneHost({ etcd: rig.etcd.endpoints, name: 'b' });
    await using firstDisk = await aDisk(first);
    await using secondDisk = await aDisk(second);
    for (const host of [first, second]) onDisk(host, 'disk');
    try {
      first.member.start();
      await says(first, `the disk of ${first.directory}/disk is full (0.`);
      await first.waitFor(
        'nothing half-made is there',
        limitMs,
        () => readdirSync(join(first.directory, 'disk')).length === 0,
      );
      firstDisk.resize('300m');
      await leads(first);

      second.member.start();
      await says(second, `the disk of ${second.directory}/disk is full (0.`);
      await second.waitFor(
        'nothing half-made is there',
        limitMs,
        () => readdirSync(join(second.directory, 'disk')).length === 0,
      );
      expect((await first.member.get('/primary'))?.code).toBe(200);
      secondDisk.resize('300m');
      await streams(second);
    } finally {
      for (const { member } of [second, first]) if (member.processes('node').length > 0) await member.kill('node');
    }
  },
);
