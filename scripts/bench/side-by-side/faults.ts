/**
 * The faults of the table, each written once for every system. What a system is made of it says itself
 * (`systems/system.ts`): nothing here knows one.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cwdOf, type FoundProcess, lookAtProcess, signalAll, signalOne } from '../../rig/processes.ts';
import type { Cluster } from '../systems/system.ts';

export interface Stage {
  readonly cluster: Cluster;
  readonly primary: string;
  readonly standby: string;
  /** Done when the fault ends, the last first, also when `inject` failed half way. */
  undo(heal: () => unknown): void;
}

export interface Fault {
  /** Its option: lower case and dashes. */
  readonly name: string;
  /** In tables, a few words. */
  readonly label: string;
  /** A sentence for people who were not there, without a full stop. */
  readonly says: string;
  /** Why it cannot be done to this system, in a few words. */
  impossible?(cluster: Cluster): string | null;
  /** Ends as soon as it is done. Before each thing that lasts it says how to undo it. */
  inject(stage: Stage): Promise<void>;
  readonly lasts: Lasts;
  /** What the median of Baton's outage must not exceed (mode `available`, nothing far apart). */
  readonly targetMs: number;
}

/**
 * When the fault ends: `thenMs` after clients write again, where `moves` after another node takes writes; at `limitMs`
 * in any case, and not before `msMin`.
 */
export interface Lasts {
  readonly moves: boolean;
  readonly msMin: number;
  readonly thenMs: number;
  readonly limitMs: number;
}

const second = 1_000;
const untilMoved = (thenMs: number, limitMs: number): Lasts => ({ moves: true, msMin: 0, thenMs, limitMs });

const postmasterKilled: Fault = {
  name: 'postmaster-killed',
  label: 'postmaster killed',
  says: 'The postmaster of the primary is killed (SIGKILL)',
  inject: async ({ cluster, primary }) => void signalOne(postmasterOf(cluster, primary), 'SIGKILL'),
  lasts: { moves: false, msMin: 3 * second, thenMs: 0, limitMs: 90 * second },
  targetMs: 150,
};

const hostKilled: Fault = {
  name: 'host-killed',
  label: 'host dead, kernel answers',
  says: "Every process of the primary's host is killed at once; its kernel answers on. It is switched on again when clients write",
  async inject({ cluster, primary, undo }) {
    undo(() => cluster.switchOn(primary));
    await cluster.killHost(primary);
  },
  lasts: untilMoved(0, 90 * second),
  targetMs: 300,
};

const hostSilent: Fault = {
  name: 'host-silent',
  label: 'host dead and silent',
  says: "The primary's host loses power: no FIN, no RST. It is switched on again when clients write",
  async inject({ cluster, primary, undo }) {
    undo(() => {
      cluster.network.heal(primary);
      return cluster.switchOn(primary);
    });
    cluster.network.cut(primary, { direction: 'both', how: 'drop' });
    await cluster.killHost(primary);
  },
  lasts: untilMoved(0, 90 * second),
  targetMs: 1_500,
};

const postgresFrozen: Fault = {
  name: 'postgres-frozen',
  label: 'postgres frozen',
  says: 'Every process of the primary PostgreSQL is frozen (SIGSTOP) until ten seconds after another node takes writes',
  async inject({ cluster, primary, undo }) {
    const directory = cluster.dataDir(primary);
    undo(() => signalAll(processesIn(directory), 'SIGCONT'));
    // Twice: the first time the postmaster may just be starting one.
    for (let time = 0; time < 2; time++) signalAll(processesIn(directory), 'SIGSTOP');
  },
  lasts: untilMoved(10 * second, 60 * second),
  targetMs: 2_000,
};

const agentKilled: Fault = {
  name: 'agent-killed',
  label: 'agent killed',
  says: "The primary's daemon is killed (SIGKILL), and started again fifteen seconds after another node takes writes, or after 45 seconds",
  async inject({ cluster, primary, undo }) {
    const doomed = agentOf(cluster, primary);
    undo(() => cluster.startAgent(primary));
    signalAll(doomed, 'SIGKILL');
  },
  lasts: untilMoved(15 * second, 45 * second),
  targetMs: 500,
};

const agentFrozen: Fault = {
  name: 'agent-frozen',
  label: 'agent frozen',
  says: "The primary's daemon is frozen (SIGSTOP) until fifteen seconds after another node takes writes, or for 45 seconds",
  async inject({ cluster, primary, undo }) {
    const frozen = agentOf(cluster, primary);
    undo(() => signalAll(frozen, 'SIGCONT'));
    signalAll(frozen, 'SIGSTOP');
  },
  lasts: untilMoved(15 * second, 45 * second),
  targetMs: 500,
};

const cutOff: Fault = {
  name: 'cut-off',
  label: 'primary cut off, clients reach it',
  says: 'The primary is cut off from coordinator and standby while clients reach it, until fifteen seconds after another node takes writes',
  async inject({ cluster, primary, standby, undo }) {
    const { network, coordinators } = cluster;
    undo(() => network.heal(primary));
    network.cut(primary, { direction: 'both', how: 'drop', peers: network.addresses([...coordinators, standby]) });
  },
  lasts: untilMoved(15 * second, 90 * second),
  targetMs: 1_500,
};

const coordinatorLost: Fault = {
  name: 'coordinator-lost',
  label: 'coordinator lost for 60 s',
  says: 'What they coordinate through is dead for a minute: two of three etcd members, or the one monitor',
  impossible: ({ coordinators }) => (coordinators.length === 0 ? 'has none' : null),
  async inject({ cluster, undo }) {
    const { coordinators } = cluster;
    const majority = coordinators.slice(0, Math.floor(coordinators.length / 2) + 1);
    for (const host of majority) undo(() => cluster.switchOn(host));
    await Promise.all(majority.map((host) => cluster.killHost(host)));
  },
  lasts: { moves: false, msMin: 60 * second, thenMs: 0, limitMs: 60 * second },
  targetMs: 0,
};

const standbyLost: Fault = {
  name: 'standby-lost',
  label: 'standby lost',
  says: "Every process of the standby's host is killed at once. It is switched on again once clients write",
  async inject({ cluster, standby, undo }) {
    undo(() => cluster.switchOn(standby));
    await cluster.killHost(standby);
  },
  lasts: { moves: false, msMin: 5 * second, thenMs: 0, limitMs: 90 * second },
  targetMs: 500,
};

const switchover: Fault = {
  name: 'switchover',
  label: 'planned switchover',
  says: 'The primary hands over as planned, by its own command',
  impossible: ({ switchover }) => (switchover === null ? 'not usable here' : null),
  inject: async ({ cluster, primary }) => await cluster.switchover?.(primary),
  lasts: untilMoved(0, 60 * second),
  targetMs: 250,
};

/** In the order of the table. */
export const faults: readonly Fault[] = [
  ...[postmasterKilled, hostKilled, hostSilent, postgresFrozen, agentKilled, agentFrozen, cutOff],
  ...[coordinatorLost, standbyLost, switchover],
];

function postmasterOf(cluster: Cluster, node: string): number {
  const directory = cluster.dataDir(node);
  const pid = Number(readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
  if (!(pid > 1) || cwdOf(pid) !== directory) throw new Error(`no postmaster runs in ${directory}`);
  return pid;
}

function agentOf(cluster: Cluster, node: string): readonly FoundProcess[] {
  const found = cluster.agent(node);
  if (found.length === 0) throw new Error(`no agent of ${node} is running`);
  return found;
}

/** PostgreSQL's processes, each of which lives in its data directory. */
const processesIn = (directory: string): readonly FoundProcess[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => lookAtProcess(Number(entry), (cwd) => cwd === directory) ?? []);
