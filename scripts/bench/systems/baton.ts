/** Baton itself, in mode `available`. */
import { ChaosCluster, etcdHosts } from '../../chaos/cluster.ts';
import type { Enclosure } from '../../chaos/enclosure.ts';
import { commitNow } from '../../chaos/options.ts';
import { readIncidents, readLeader } from '../../rig/daemon-facts.ts';
import { runBaton } from '../../rig/run-baton.ts';
import type { Incident, InstantName } from '../../../src/core/sla/incident.ts';
import type { Budget, Cluster, SystemUnderTest } from './system.ts';

/** Chaos has other needs than the bench: what it sets besides is set back to PostgreSQL's defaults. */
const parameters = { wal_level: 'replica', max_prepared_transactions: '0' };
const closedLimitMs = 5_000;

export const baton: SystemUnderTest = {
  name: 'baton',
  setting: 'default',
  says: 'mode available; nothing is set but who the members are, and that automation is not held after three failovers',
  synchronous: true,
  version: () => `Baton ${commitNow()}`,
  start: async (enclosure: Enclosure) =>
    asCluster(await ChaosCluster.start({ mode: 'available', members: 2, parameters }, enclosure)),
};

function asCluster(cluster: ChaosCluster): Cluster {
  const { rig, network } = cluster;
  return {
    endpoints: rig.clientEndpoints(),
    coordinators: etcdHosts,
    network,
    dataDir: (node) => rig.member(node).files.dataDir,
    agent: (node) => rig.member(node).processes('batond'),
    startAgent: (node) => rig.restartNode(node),
    killHost: (host) => cluster.killHost(host),
    switchOn: async (host) =>
      cluster.etcdIndex(host) === null ? cluster.switchOn(host) : await cluster.startEtcd(host),
    async switchover(from) {
      await runBaton(rig, from, ['switchover', '--yes', '--timeout', '20s', '--reason', 'planned, to measure it']);
    },
    rejoin: null,
    async budget() {
      const newest = async () => {
        const leader = await readLeader(rig);
        return leader === null ? undefined : (await readIncidents(rig, leader.name)).at(-1);
      };
      const closed = await rig
        .waitFor('a closed incident', closedLimitMs, async () => {
          const incident = await newest();
          return incident?.state === 'closed' ? incident : null;
        })
        .catch(newest);
      return closed === undefined ? null : budgetOf(closed);
    },
    logTail: () => cluster.members.map((name) => `--- ${name}\n${rig.member(name).logTail()}`).join('\n'),
  };
}

/** From the last good write of its probe, which writes every 300 ms, to the first one of the new primary. */
const steps: readonly (readonly [name: string, from: InstantName, to: InstantName])[] = [
  ['suspected', 't0', 't1'],
  ['declared', 't1', 't2'],
  ['leadership in etcd', 't2', 't3'],
  ['fence and claim', 't3', 't5'],
  ['promotion', 't5', 't6'],
  ['first write', 't6', 't7'],
];

const budgetOf = ({ instants }: Incident): Budget =>
  Object.fromEntries(
    steps.flatMap(([name, from, to]) => {
      const [began, ended] = [instants[from]?.monoMs ?? null, instants[to]?.monoMs ?? null];
      // A doubt may begin while writes are still good: a daemon is gone and its PostgreSQL serves on.
      return began === null || ended === null ? [] : [[name, Math.round(Math.max(0, ended) - Math.max(0, began))]];
    }),
  );
