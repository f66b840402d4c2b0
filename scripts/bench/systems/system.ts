/**
 * What is measured side by side: a failover manager, as it is installed, set and started, and what the bench must know of
 * it. To add one, write a file like those beside this one and name it in `all.ts`. Faults, client and checker know
 * nothing but this.
 */
import type { Enclosure } from '../../chaos/enclosure.ts';
import type { Network } from '../../chaos/network.ts';
import type { FoundProcess } from '../../rig/processes.ts';
import type { ClientEndpoint } from '../../rig/rig.ts';

export const systemNames = ['baton', 'patroni', 'pg_auto_failover', 'repmgr'] as const;
export type SystemName = (typeof systemNames)[number];

export interface SystemUnderTest {
  readonly name: SystemName;
  readonly setting: 'default' | 'tuned';
  /** What is not at its default, and why, in a sentence without a full stop. */
  readonly says: string;
  /** Commits wait for a standby: redundancy is a synchronous standby. */
  readonly synchronous: boolean;
  /** Of the system itself, for every row. Throws when it is not installed. */
  version(): string;
  /** Two nodes, each on its own host, and whatever coordinates them on others. Ends when it is redundant in its own eyes. */
  start(enclosure: Enclosure): Promise<Cluster>;
}

/** In the order of the steps; steps that were not measured are left out. */
export type Budget = Readonly<Record<string, number>>;

export interface Cluster {
  /** Hosts with PostgreSQL, and how clients reach them. */
  readonly endpoints: readonly ClientEndpoint[];
  /** Hosts of what they coordinate through, each with one vote; none where they do not. */
  readonly coordinators: readonly string[];
  readonly network: Network;
  dataDir(node: string): string;
  /** The daemon of a node: what must not be taken for PostgreSQL. */
  agent(node: string): readonly FoundProcess[];
  /** After its agent was killed. */
  startAgent(node: string): void;
  /** Every process of the host at once. */
  killHost(host: string): Promise<void>;
  /** After `killHost`: what its boot starts. */
  switchOn(host: string): Promise<void>;
  /** Planned, from the node that is primary, by its own command; null: it has none that could be used here. */
  readonly switchover: ((from: string) => Promise<void>) | null;
  /** What its manual tells the operator to do with a former primary; null: nothing, it comes back by itself. */
  readonly rejoin: ((node: string) => Promise<void>) | null;
  /** Where the time went, in its own record of the outage that just was: milliseconds by step; null: it keeps none. */
  budget(): Promise<Budget | null>;
  /** The newest lines of its logs, for the message of a failure. */
  logTail(): string;
}
