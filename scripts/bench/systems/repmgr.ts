/**
 * repmgr with its daemon, asynchronous as it is meant: nothing is agreed on. PostgreSQL is started by the host, a former
 * primary is brought back by hand.
 */
import { appendFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Enclosure } from '../../chaos/enclosure.ts';
import { network } from '../../chaos/network.ts';
import type { Command } from '../../rig/place.ts';
import { binDir, Hosts, versionOf } from './hosts.ts';
import type { Cluster, SystemUnderTest } from './system.ts';

const nodes = ['a', 'b'] as const;
const startLimitMs = 60_000;
const repmgr = join(binDir, 'repmgr');
const repmgrd = join(binDir, 'repmgrd');
const pgCtl = join(binDir, 'pg_ctl');

export const repmgrTuned: SystemUnderTest = {
  ...{ name: 'repmgr', setting: 'tuned', synchronous: false },
  says: 'asynchronous; reconnect_attempts 2, reconnect_interval 1 s, monitor_interval_secs 1; the former primary is brought back by `repmgr node rejoin --force-rewind`',
  version: () => versionOf('/usr/bin/repmgr', '--version'),
  start,
};

async function start(enclosure: Enclosure): Promise<Cluster> {
  const hosts = new Hosts(nodes, enclosure);
  const dataDir = (node: string) => join(hosts.directory(node), 'data');
  const conninfo = (node: string) =>
    `host=${hosts.address(node)} port=5432 user=postgres dbname=repmgr connect_timeout=2`;
  const files = new Map(nodes.map((node) => [node as string, writeConfig(hosts, node, dataDir(node), conninfo(node))]));
  const fileOf = (node: string) => files.get(node) ?? '';
  const repmgrOn = (node: string, ...args: readonly string[]) =>
    hosts.run(node, [repmgr, '-f', fileOf(node), ...args] as Command);
  const psql = (node: string, database: string, sql: string) =>
    hosts.run(node, ['psql', '-h', hosts.address(node), '-U', 'postgres', '-d', database, '-XAtc', sql]);
  const startPostgres = async (node: string) => {
    const log = join(hosts.directory(node), 'postgres.log');
    await hosts.run(node, [pgCtl, '-D', dataDir(node), '-l', log, '-w', 'start']);
  };
  const startAgent = (node: string) => {
    rmSync(join(hosts.directory(node), 'repmgrd.pid'), { force: true });
    hosts.start(node, 'repmgrd', [repmgrd, '-f', fileOf(node), '--daemonize=false', '--verbose']);
  };
  const other = (node: string) => nodes.find((name) => name !== node) ?? '';

  await hosts.run('a', [join(binDir, 'initdb'), '-D', dataDir('a'), '-k', '-A', 'trust', '-U', 'postgres']);
  appendFileSync(join(dataDir('a'), 'postgresql.conf'), postgresConf);
  appendFileSync(
    join(dataDir('a'), 'pg_hba.conf'),
    `host all all ${network} trust\nhost replication all ${network} trust\n`,
  );
  await startPostgres('a');
  await hosts.run('a', ['createdb', '-h', hosts.address('a'), '-U', 'postgres', 'repmgr']);
  await repmgrOn('a', 'primary', 'register');
  const source = ['-h', hosts.address('a'), '-U', 'postgres', '-d', 'repmgr'];
  await repmgrOn('b', ...source, 'standby', 'clone', '--fast-checkpoint');
  await startPostgres('b');
  const streams = `SELECT EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming')`;
  const isAttached = async () => (await psql('a', 'postgres', streams)).trim() === 't';
  await hosts.waitFor('the standby streams', startLimitMs, isAttached);
  await repmgrOn('b', 'standby', 'register');
  for (const node of nodes) startAgent(node);
  for (const node of nodes) {
    const runs = async () => (await psql(node, 'repmgr', 'SELECT repmgr.repmgrd_is_running()')).trim() === 't';
    await hosts.waitFor(`the daemon of ${node} watches`, startLimitMs, runs);
  }
  return {
    endpoints: nodes.map((name) => ({
      ...{ name, host: hosts.address(name), port: 5432 },
      ...{ user: 'postgres', password: '', database: 'postgres' },
    })),
    coordinators: [],
    network: hosts.network,
    dataDir,
    agent: (node) => hosts.processes(node).filter(({ argv }) => argv.includes(repmgrd)),
    startAgent,
    killHost: (host) => hosts.kill(host),
    // A standby follows again by itself; a former primary must not be started before it is rewound.
    async switchOn(node) {
      if (!existsSync(join(dataDir(node), 'standby.signal'))) return;
      await startPostgres(node);
      startAgent(node);
    },
    switchover: null,
    async rejoin(node) {
      await hosts.run(node, [pgCtl, '-D', dataDir(node), '-m', 'fast', '-w', 'stop']).catch(() => undefined);
      // An operator is not as fast as this bench: the promotion writes down who is the primary when it is done.
      const primary = `SELECT type FROM repmgr.nodes WHERE node_name = '${other(node)}'`;
      const isKnown = async () => (await psql(other(node), 'repmgr', primary)).trim() === 'primary';
      await hosts.waitFor(`${other(node)} known as the primary`, startLimitMs, isKnown);
      // Before its first checkpoint pg_rewind takes the new primary for the old one, and does nothing.
      await psql(other(node), 'postgres', 'CHECKPOINT');
      await repmgrOn(node, 'node', 'rejoin', '-d', conninfo(other(node)), '--force-rewind');
      startAgent(node);
    },
    budget: () => Promise.resolve(null),
    logTail: () => hosts.logTail(),
  };
}

const postgresConf = `
listen_addresses = '*'
unix_socket_directories = ''
wal_log_hints = on
wal_keep_size = '1GB'
hot_standby = on
shared_preload_libraries = 'repmgr'
`;

function writeConfig(hosts: Hosts, node: (typeof nodes)[number], dataDir: string, conninfo: string): string {
  const file = join(hosts.directory(node), 'repmgr.conf');
  return hosts.write(
    node,
    'repmgr.conf',
    [
      `node_id=${nodes.indexOf(node) + 1}`,
      `node_name='${node}'`,
      `conninfo='${conninfo}'`,
      `data_directory='${dataDir}'`,
      `pg_bindir='${binDir}'`,
      "failover='automatic'",
      `promote_command='${repmgr} standby promote -f ${file}'`,
      `follow_command='${repmgr} standby follow -f ${file} --upstream-node-id=%n'`,
      'reconnect_attempts=2',
      'reconnect_interval=1',
      'monitor_interval_secs=1',
      `repmgrd_pid_file='${join(hosts.directory(node), 'repmgrd.pid')}'`,
      '',
    ].join('\n'),
  );
}
