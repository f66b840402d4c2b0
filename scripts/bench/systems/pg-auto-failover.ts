/** pg_auto_failover: two nodes, and a monitor on a third host. Its default is a synchronous standby. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Enclosure } from '../../chaos/enclosure.ts';
import { network } from '../../chaos/network.ts';
import type { Command } from '../../rig/place.ts';
import { binDir, Hosts, versionOf } from './hosts.ts';
import type { Cluster, SystemUnderTest } from './system.ts';

const nodes = ['a', 'b'] as const;
const monitor = 'monitor';
/** Their sockets lie in one directory. */
const portOf: Readonly<Record<string, number>> = { a: 5432, b: 5433, [monitor]: 5434 };
const program = '/usr/bin/pg_autoctl';
const startLimitMs = 120_000;

interface Timings {
  /** In the monitor's postgresql.conf. */
  readonly monitor: readonly string[];
  /** In the configuration of each node. */
  readonly node: readonly (readonly [name: string, value: string])[];
}

export const pgAutoFailoverDefault: SystemUnderTest = {
  ...common('default', { monitor: [], node: [] }),
  says: 'every timing at its default (a node is unhealthy after 20 s, the old primary gets 30 s to stop)',
};

export const pgAutoFailoverTuned: SystemUnderTest = {
  ...common('tuned', {
    monitor: [
      'pgautofailover.health_check_period = 500',
      'pgautofailover.health_check_timeout = 500',
      'pgautofailover.health_check_max_retries = 1',
      'pgautofailover.health_check_retry_delay = 200',
      'pgautofailover.node_considered_unhealthy_timeout = 2000',
      'pgautofailover.primary_demote_timeout = 3000',
    ],
    node: [['timeout.network_partition_timeout', '2']],
  }),
  says: 'a node is unhealthy after 2 s, the old primary gets 3 s to stop, the monitor looks every 0.5 s, network_partition_timeout is 2 s',
};

function common(setting: SystemUnderTest['setting'], timings: Timings): Omit<SystemUnderTest, 'says'> {
  return {
    ...{ name: 'pg_auto_failover', setting, synchronous: true },
    version: () => versionOf(program, 'version'),
    start: (enclosure) => start(enclosure, timings),
  };
}

async function start(enclosure: Enclosure, timings: Timings): Promise<Cluster> {
  const hosts = new Hosts([...nodes, monitor], enclosure);
  const dataDir = (host: string) => join(hosts.directory(host), 'data');
  const envOf = (host: string) => ({ XDG_RUNTIME_DIR: hosts.directory(host), PGPORT: String(portOf[host]) });
  const autoctl = (host: string, ...args: readonly string[]) =>
    hosts.run(host, [program, ...args, '--pgdata', dataDir(host)], envOf(host));
  const startAgent = (host: string) => {
    const command: Command = [program, 'run', '--pgdata', dataDir(host)];
    hosts.start(host, 'pg_autoctl', command, envOf(host));
  };
  const create = (host: string, kind: string, ...args: readonly string[]) =>
    autoctl(
      host,
      ...['create', kind, '--pgctl', join(binDir, 'pg_ctl'), '--pgport', String(portOf[host])],
      ...['--hostname', hosts.address(host), '--auth', 'trust', '--no-ssl', ...args],
    );
  const states = async () => {
    const sql = 'SELECT reportedstate FROM pgautofailover.node ORDER BY nodename';
    const command: Command = ['psql', '-h', '/run/postgresql', '-d', 'pg_auto_failover', '-XAtc', sql];
    return hosts.run(monitor, command, envOf(monitor)).then(
      (printed) => printed.trim().split('\n').toSorted().join(' '),
      () => null,
    );
  };

  await create(monitor, 'monitor');
  appendFileSync(join(dataDir(monitor), 'postgresql.conf'), `\n${timings.monitor.join('\n')}\n`);
  startAgent(monitor);
  await hosts.waitFor('the monitor serves', startLimitMs, async () => (await states()) !== null);
  const uri = `postgres://autoctl_node@${hosts.address(monitor)}:${portOf[monitor]}/pg_auto_failover?sslmode=prefer`;
  for (const node of nodes) {
    await create(node, 'postgres', '--name', node, '--monitor', uri);
    for (const [name, value] of timings.node) await autoctl(node, 'config', 'set', name, value);
    // The bench's clients; a standby has its primary's files.
    if (node === 'a') appendFileSync(join(dataDir(node), 'pg_hba.conf'), `host all all ${network} trust\n`);
    startAgent(node);
    const wanted = node === 'a' ? 'single' : 'primary secondary';
    await hosts.waitFor(`state ${wanted}`, startLimitMs, async () => (await states()) === wanted);
  }
  return {
    endpoints: nodes.map((name) => ({
      ...{ name, host: hosts.address(name), port: portOf[name] ?? 0 },
      ...{ user: 'postgres', password: '', database: 'postgres' },
    })),
    coordinators: [monitor],
    network: hosts.network,
    dataDir,
    agent: (node) => hosts.processes(node).filter(({ argv }) => /(^|\/)pg_autoctl/.test(argv[0] ?? '')),
    startAgent,
    killHost: (host) => hosts.kill(host),
    switchOn: async (host) => startAgent(host),
    async switchover() {
      await autoctl(monitor, 'perform', 'switchover');
    },
    rejoin: null,
    budget: () => Promise.resolve(null),
    logTail: () => hosts.logTail(),
  };
}
