/** Hosts that are well and cannot hear or be heard. */
import { etcdHosts } from '../cluster.ts';
import { always, type Expectation, type Fault, type Stage } from '../fault.ts';
import type { Cut } from '../network.ts';

/** Everybody; etcd and the other members, so that clients still reach it; etcd; the other members. */
type From = 'everybody' | 'cluster' | 'etcd' | 'members';
interface Line {
  readonly name: string;
  readonly says: string;
  readonly who?: 'standby';
  readonly from: From;
  readonly direction?: Cut['direction'];
  readonly how?: Cut['how'];
}

const lastsMs = [8_000, 20_000] as const;

/** In mode `off` the lease has to run out, and the old leader's own deadline too. */
const failsOver: Expectation = {
  leader: { off: 'either', or: 'other' },
  promotions: { off: [0, 1], or: [1, 1] },
  outage: { strict: { msMaxAfterHealing: 15_000 }, off: { msMax: 15_000 }, or: { msMax: 5_000 } },
  redundantMsMax: 25_000,
  rowsLostMaxOff: 50,
};

/** Writes that the old leader takes until its deadline are lost in mode `off`: that is what the mode means. */
const failsOverWithClients: Expectation = { ...failsOver, rowsLostMaxOff: 30_000 };

/**
 * The leader's lease runs out while its standby still follows it. It may go on for as long as its probe commits are
 * acknowledged, and the standby may take the free key: in both cases clients hardly notice.
 */
const losesLease: Expectation = {
  leader: always('either'),
  promotions: always([0, 1]),
  outage: { strict: { msMaxAfterHealing: 15_000 }, off: { msMax: 15_000 }, or: { msMax: 5_000 } },
  redundantMsMax: 25_000,
  rowsLostMaxOff: 30_000,
};

const losesStandby: Expectation = {
  leader: always('same'),
  promotions: always([0, 0]),
  outage: { strict: { msMaxAfterHealing: 10_000 }, or: { msMax: 3_500 } },
  redundantMsMax: 20_000,
  never: ['fence-deadline', 'fenced-by-guardian', 'fence-hung', 'take-over', 'promote'],
};

function cut({ who, from, direction = 'both', how = 'drop' }: Line, { cluster, leader, standby, undo }: Stage): void {
  const host = who === 'standby' ? standby : leader;
  const others = cluster.members.filter((name) => name !== host);
  const peersOf: Readonly<Record<From, readonly string[] | null>> = {
    everybody: null,
    cluster: [...etcdHosts, ...others],
    etcd: etcdHosts,
    members: others,
  };
  const peers = peersOf[from];
  undo(() => cluster.network.heal(host));
  cluster.network.cut(host, { direction, how, ...(peers === null ? {} : { peers: cluster.network.addresses(peers) }) });
}

const partition = (line: Line, expects: Expectation): Fault => ({
  name: `cut-${line.name}`,
  family: 'partition',
  says: line.says,
  lastsMs,
  inject: async (stage) => cut(line, stage),
  expects,
});

export const partitions: readonly Fault[] = [
  partition({ name: 'off', says: 'The primary is cut off from everybody', from: 'everybody' }, failsOver),
  partition(
    {
      name: 'off-rejected',
      says: 'The primary is cut off from everybody, with resets',
      from: 'everybody',
      how: 'reject',
    },
    failsOver,
  ),
  partition(
    { name: 'deaf', says: 'The primary hears nobody and is heard', from: 'everybody', direction: 'in' },
    failsOver,
  ),
  partition(
    { name: 'mute', says: 'The primary hears everybody and is not heard', from: 'everybody', direction: 'out' },
    failsOver,
  ),
  partition(
    { name: 'cluster', says: 'The primary is cut off from etcd and standby; clients reach it', from: 'cluster' },
    failsOverWithClients,
  ),
  partition(
    {
      name: 'cluster-rejected',
      says: 'The primary is cut off from etcd and standby, with resets; clients reach it',
      ...{ from: 'cluster', how: 'reject' },
    },
    failsOverWithClients,
  ),
  partition({ name: 'etcd', says: 'The primary is cut off from etcd only', from: 'etcd' }, losesLease),
  partition(
    { name: 'etcd-rejected', says: 'The primary is cut off from etcd only, with resets', from: 'etcd', how: 'reject' },
    losesLease,
  ),
  partition(
    { name: 'etcd-answers', says: "The primary does not hear etcd's answers", from: 'etcd', direction: 'in' },
    losesLease,
  ),
  partition(
    { name: 'etcd-requests', says: 'etcd does not hear the primary', from: 'etcd', direction: 'out' },
    losesLease,
  ),
  partition({ name: 'members', says: 'Primary and standby do not hear each other', from: 'members' }, losesStandby),
  partition(
    {
      name: 'members-rejected',
      says: 'Primary and standby refuse each other, with resets',
      ...{ from: 'members', how: 'reject' },
    },
    losesStandby,
  ),
  partition(
    { name: 'members-in', says: 'The primary does not hear the standby', from: 'members', direction: 'in' },
    losesStandby,
  ),
  partition(
    { name: 'members-out', says: 'The standby does not hear the primary', from: 'members', direction: 'out' },
    losesStandby,
  ),
  partition(
    { name: 'standby-off', says: 'The standby is cut off from everybody', who: 'standby', from: 'everybody' },
    losesStandby,
  ),
  partition(
    { name: 'standby-etcd', says: 'The standby is cut off from etcd only', who: 'standby', from: 'etcd' },
    losesStandby,
  ),
];
