/** Patroni with etcd through its version 3 interface, in synchronous mode, with pg_rewind and slots. */
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Enclosure } from '../../chaos/enclosure.ts';
import { network } from '../../chaos/network.ts';
import { etcdHosts, startEtcdOn } from './etcd-hosts.ts';
import { binDir, Hosts, versionOf } from './hosts.ts';
import type { Cluster, SystemUnderTest } from './system.ts';

const nodes = ['a', 'b'] as const;
const program = '/usr/bin/patroni';
const startLimitMs = 120_000;
const password = 'bench';

type Dynamic = Readonly<Record<string, number>>;

export const patroniDefault: SystemUnderTest = {
  ...common('default', {}),
  says: 'synchronous_mode on, pg_rewind and slots on; every timing at its default (ttl 30, loop_wait 10, retry_timeout 10)',
};

export const patroniTuned: SystemUnderTest = {
  ...common('tuned', { ttl: 20, loop_wait: 1, retry_timeout: 3, primary_start_timeout: 0 }),
  says: 'the same with ttl 20, loop_wait 1, retry_timeout 3, primary_start_timeout 0: the least that its validation allows',
};

function common(setting: SystemUnderTest['setting'], dynamic: Dynamic): Omit<SystemUnderTest, 'says'> {
  return {
    ...{ name: 'patroni', setting, synchronous: true },
    version: () => versionOf(program, '--version'),
    start: (enclosure) => start(enclosure, dynamic),
  };
}

async function start(enclosure: Enclosure, dynamic: Dynamic): Promise<Cluster> {
  const hosts = new Hosts([...nodes, ...etcdHosts], enclosure);
  const etcd = await startEtcdOn(hosts);
  const files = new Map(nodes.map((node) => [node as string, writeConfig(hosts, node, etcd.endpoints, dynamic)]));
  const fileOf = (node: string) => files.get(node) ?? '';
  const startAgent = (node: string) => void hosts.start(node, 'patroni', [program, fileOf(node)]);
  const state = async (node: string) => {
    const url = `http://${hosts.address(node)}:8008/patroni`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
    return answer === null ? null : ((await answer.json()) as Readonly<Record<string, unknown>>);
  };
  startAgent('a');
  await hosts.waitFor('the first node leads', startLimitMs, async () => (await state('a'))?.['role'] === 'master');
  startAgent('b');
  await hosts.waitFor('a synchronous standby', startLimitMs, async () => (await state('b'))?.['sync_standby'] === true);
  return {
    endpoints: nodes.map((name) => ({
      ...{ name, host: hosts.address(name), port: 5432 },
      ...{ user: 'postgres', password, database: 'postgres' },
    })),
    coordinators: etcdHosts,
    network: hosts.network,
    dataDir: (node) => join(hosts.directory(node), 'data'),
    agent: (node) => hosts.processes(node).filter(({ argv }) => argv.includes(program)),
    startAgent,
    killHost: (host) => hosts.kill(host),
    async switchOn(host) {
      const member = (etcdHosts as readonly string[]).indexOf(host);
      if (member === -1) startAgent(host);
      else await etcd.restart(member);
    },
    async switchover(from) {
      const candidate = nodes.find((node) => node !== from) ?? '';
      const args = ['switchover', 'bench', '--master', from, '--candidate', candidate, '--force'];
      await hosts.run(from, ['/usr/bin/patronictl', '-c', fileOf(from), ...args]);
    },
    rejoin: null,
    budget: () => Promise.resolve(null),
    logTail: () => hosts.logTail(),
  };
}

function writeConfig(hosts: Hosts, node: string, endpoints: readonly string[], dynamic: Dynamic): string {
  const address = hosts.address(node);
  const directory = hosts.directory(node);
  const config = {
    scope: 'bench',
    name: node,
    restapi: { listen: `${address}:8008`, connect_address: `${address}:8008` },
    etcd3: { hosts: endpoints.map((url) => new URL(url).host) },
    bootstrap: {
      dcs: {
        ...dynamic,
        synchronous_mode: true,
        postgresql: { use_pg_rewind: true, use_slots: true, parameters: { wal_log_hints: 'on' } },
      },
      initdb: [{ encoding: 'UTF8' }, 'data-checksums'],
    },
    postgresql: {
      listen: `${address}:5432`,
      connect_address: `${address}:5432`,
      data_dir: join(directory, 'data'),
      bin_dir: binDir,
      pgpass: join(directory, 'pgpass'),
      authentication: {
        superuser: { username: 'postgres', password },
        replication: { username: 'replicator', password },
        rewind: { username: 'postgres', password },
      },
      pg_hba: [
        'local all all trust',
        `host all all ${network} scram-sha-256`,
        `host replication all ${network} scram-sha-256`,
      ],
      parameters: { unix_socket_directories: directory },
    },
  };
  return hosts.write(node, 'patroni.yml', stringify(config));
}
