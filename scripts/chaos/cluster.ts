/** What chaos is done to: three etcd members and two or three PostgreSQL members, each on a host of its own. */
import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { SyncMode } from '../../src/core/cluster.ts';
import type { Status } from '../../src/wire/status.ts';
import { readLeader } from '../rig/daemon-facts.ts';
import type { Place } from '../rig/place.ts';
import { type Rig, startRig } from '../rig/rig.ts';
import { Equipment } from './disk/equipment.ts';
import { compileHostFaults } from './disk/host-faults.ts';
import { daemonOwner } from '../rig/owner.ts';
import { directoryInside, type Enclosure } from './enclosure.ts';
import { entered } from './entered.ts';
import { HostGroup } from './host-group.ts';
import { JournalMark } from './journal-mark.ts';
import { network, Network } from './network.ts';

export interface ClusterOptions {
  readonly mode: SyncMode;
  readonly members: 2 | 3;
  /** More of postgres.parameters. */
  readonly parameters?: Readonly<Record<string, string>>;
}

const memberNames = ['a', 'b', 'c'] as const;
export const etcdHosts = ['etcd-0', 'etcd-1', 'etcd-2'] as const;
const startLimitMs = 90_000;
const etcdLeaderLimitMs = 10_000;
/** For logical replication and prepared transactions, which some faults need. */
const usualParameters = { wal_level: 'logical', max_prepared_transactions: '10' };
/** So that automation is not held after the third failover, as it would be in production. */
const budgets = { cooldown: '999 in 1h', crashBudget: '999 in 10m' };

export class ChaosCluster implements AsyncDisposable {
  readonly mode: SyncMode;
  readonly rig: Rig;
  readonly network: Network;
  readonly #groups: ReadonlyMap<string, HostGroup>;
  readonly #equipment: ReadonlyMap<string, Equipment>;
  readonly #removals: (() => void)[];

  private constructor(
    mode: SyncMode,
    rig: Rig,
    network: Network,
    groups: ReadonlyMap<string, HostGroup>,
    equipment: ReadonlyMap<string, Equipment>,
    removals: (() => void)[],
  ) {
    this.mode = mode;
    this.rig = rig;
    this.network = network;
    this.#groups = groups;
    this.#equipment = equipment;
    this.#removals = removals;
  }

  /** Ends when it is redundant. */
  static async start({ mode, members, parameters = {} }: ClusterOptions, { groups }: Enclosure): Promise<ChaosCluster> {
    const names = memberNames.slice(0, members);
    const hosts = [...names, ...etcdHosts];
    const net = new Network(hosts);
    const groupOf = new Map<string, HostGroup>(
      groups === null ? [] : hosts.map((host) => [host, new HostGroup(groups, host)] as const),
    );
    const place = (host: string): Place => ({
      address: net.address(host),
      enter: (command) => entered(host, groupOf.get(host) ?? null, command),
    });
    mkdirSync(directoryInside, { recursive: true });
    const equipment = equip(names);
    const removals: (() => void)[] = [];
    const rig = await startRig({
      members: names,
      etcdMembers: 3,
      mode,
      places: {
        network,
        member: (name) => ({ ...place(name), ...equipment.get(name)?.place }),
        etcd: (index) => place(etcdHosts[index] ?? ''),
        vacate: () => {
          for (const work of removals.toReversed()) work();
          for (const each of equipment.values()) each.remove();
        },
      },
      directory: directoryInside,
      parameters: { ...usualParameters, ...parameters },
      shared: { failover: budgets },
    });
    const cluster = new ChaosCluster(mode, rig, net, groupOf, equipment, removals);
    try {
      await cluster.untilRedundant(startLimitMs);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get members(): readonly string[] {
    return [...this.rig.members.keys()];
  }

  /** The disks and the clock of a member's host. */
  equipment(member: string): Equipment {
    const found = this.#equipment.get(member);
    if (found === undefined) throw new Error(`no host ${member} with disks`);
    return found;
  }

  /** Done at the end, once no process is left, the last first. */
  beforeRemoval(work: () => void): void {
    this.#removals.push(work);
  }

  /** All hosts, those of etcd too. */
  get hosts(): readonly string[] {
    return [...this.members, ...etcdHosts];
  }

  /** Of a leader who says that one more failure would be survived, when every member is where it belongs; else null. */
  async redundantStatus(): Promise<Status | null> {
    const leader = await readLeader(this.rig);
    return leader?.redundant && isWhole(leader.status, this.members.length) ? leader.status : null;
  }

  untilRedundant(limitMs: number): Promise<Status> {
    return this.rig.waitFor('a leader, redundancy and every member running', limitMs, () => this.redundantStatus());
  }

  /** The freezer where there is one, else SIGSTOP for each process. */
  async freezeHost(host: string): Promise<void> {
    const group = this.#groups.get(host);
    if (group !== undefined) return group.freeze();
    const etcd = this.etcdIndex(host);
    if (etcd === null) await this.rig.freeze(host);
    else this.rig.etcd.freeze(etcd);
  }

  thawHost(host: string): void {
    const group = this.#groups.get(host);
    const etcd = this.etcdIndex(host);
    if (group !== undefined) group.thaw();
    else if (etcd === null) this.rig.thaw(host);
    else this.rig.etcd.thaw(etcd);
  }

  /** Every process of the host, at once where there is a control group. Its kernel answers on. */
  async killHost(host: string): Promise<void> {
    const group = this.#groups.get(host);
    if (group !== undefined) return group.kill();
    const etcd = this.etcdIndex(host);
    if (etcd === null) await this.rig.killNode(host);
    else await this.rig.etcd.kill(etcd);
  }

  /** Power loss: nothing of it answers any more, no FIN and no RST. */
  async cutPower(host: string): Promise<void> {
    this.network.cut(host, { direction: 'both', how: 'drop' });
    await this.killHost(host);
  }

  /** A member, after a kill or a power loss. What its batond then does is not waited for. */
  switchOn(host: string): void {
    this.network.heal(host);
    this.rig.restartNode(host);
  }

  /** An etcd member, after a kill or a power loss. Ends when it serves, for which a quorum is needed. */
  async startEtcd(host: string): Promise<void> {
    this.network.heal(host);
    await this.rig.etcd.restart(this.etcdIndex(host) ?? 0);
  }

  etcdIndex(host: string): number | null {
    const index = (etcdHosts as readonly string[]).indexOf(host);
    return index === -1 ? null : index;
  }

  async etcdLeaderHost(): Promise<string> {
    const leader = () => this.rig.etcd.leader().then(String, () => null);
    return etcdHosts[Number(await this.rig.waitFor('a leader of etcd', etcdLeaderLimitMs, leader))] ?? '';
  }

  /** What the members' journals get from now on. */
  markJournals(): JournalMark {
    return new JournalMark(
      new Map([...this.rig.members].map(([name, { files }]) => [name, join(files.stateDir, 'journal')])),
    );
  }

  /** May be called twice. */
  async stop(): Promise<void> {
    for (const host of this.#groups.keys()) this.thawHost(host);
    await this.rig.stopAll();
    for (const group of this.#groups.values()) await group.remove();
    this.network.remove();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

function equip(members: readonly string[]): ReadonlyMap<string, Equipment> {
  const directory = mkdtempSync(join(directoryInside, 'equipment-'));
  chmodSync(directory, 0o755);
  const compiled = compileHostFaults(directory);
  return new Map(members.map((name) => [name, new Equipment(compiled, join(directory, name), daemonOwner())]));
}

function isWhole(status: Status, members: number): boolean {
  const running = status.members.filter(({ role, state }) => state === (role === 'primary' ? 'running' : 'streaming'));
  return running.length === members && status.held.length === 0 && status.incident === null;
}
