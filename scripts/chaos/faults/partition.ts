/** Hosts that are well and cannot hear or be heard. */
import { etcdHosts } from '../cluster.ts';
import type { Expectation, Fault, Stage } from '../fault.ts';
import type { Cut } from '../network.ts';
import { leaderChangesButOff, leaderMayChange, leaderStays } from './outcomes.ts';
import { cutOff } from './strikes.ts';

/** Everybody; etcd and the other members, so that clients still reach it; etcd; the other members. */
type From = 'everybody' | 'cluster' | 'etcd' | 'members';
interface Parting {
  readonly who?: 'leader' | 'standby';
  readonly from: From;
  readonly direction?: Cut['direction'];
  readonly how?: Cut['how'];
}

const lastsMs = [8_000, 20_000] as const;

/** In mode `off` the lease has to run out, and the old leader's own deadline too. */
const failsOver: Expectation = {
  ...leaderChangesButOff,
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
  ...leaderMayChange(1),
  outage: { strict: { msMaxAfterHealing: 15_000 }, off: { msMax: 15_000 }, or: { msMax: 5_000 } },
  redundantMsMax: 25_000,
  rowsLostMaxOff: 30_000,
};

const losesStandby: Expectation = {
  ...leaderStays,
  outage: { strict: { msMaxAfterHealing: 10_000 }, or: { msMax: 3_500 } },
  redundantMsMax: 20_000,
  never: ['fence-deadline', 'fenced-by-guardian', 'fence-hung', 'take-over', 'promote'],
};

function part({ who = 'leader', from, direction = 'both', how = 'drop' }: Parting, stage: Stage): void {
  const { cluster } = stage;
  const host = stage[who];
  const others = cluster.members.filter((name) => name !== host);
  const peersOf: Readonly<Record<From, readonly string[] | null>> = {
    everybody: null,
    cluster: [...etcdHosts, ...others],
    etcd: etcdHosts,
    members: others,
  };
  const peers = peersOf[from];
  cutOff(stage, host, { direction, how, ...(peers === null ? {} : { peers: cluster.network.addresses(peers) }) });
}

type Row = readonly [name: string, parting: Parting, says: string];

const partitionsThat = (expects: Expectation, rows: readonly Row[]): readonly Fault[] =>
  rows.map(([name, parting, says]) => ({
    ...{ name: `cut-${name}`, family: 'partition', says, lastsMs, expects },
    inject: async (stage) => part(parting, stage),
  }));

export const partitions: readonly Fault[] = [
  ...partitionsThat(failsOver, [
    ['off', { from: 'everybody' }, 'The primary is cut off from everybody'],
    ['off-rejected', { from: 'everybody', how: 'reject' }, 'The primary is cut off from everybody, with resets'],
    ['deaf', { from: 'everybody', direction: 'in' }, 'The primary hears nobody and is heard'],
    ['mute', { from: 'everybody', direction: 'out' }, 'The primary hears everybody and is not heard'],
  ]),
  ...partitionsThat(failsOverWithClients, [
    ['cluster', { from: 'cluster' }, 'The primary is cut off from etcd and standby; clients reach it'],
    [
      'cluster-rejected',
      { from: 'cluster', how: 'reject' },
      'The primary is cut off from etcd and standby, with resets; clients reach it',
    ],
  ]),
  ...partitionsThat(losesLease, [
    ['etcd', { from: 'etcd' }, 'The primary is cut off from etcd only'],
    ['etcd-rejected', { from: 'etcd', how: 'reject' }, 'The primary is cut off from etcd only, with resets'],
    ['etcd-answers', { from: 'etcd', direction: 'in' }, "The primary does not hear etcd's answers"],
    ['etcd-requests', { from: 'etcd', direction: 'out' }, 'etcd does not hear the primary'],
  ]),
  ...partitionsThat(losesStandby, [
    ['members', { from: 'members' }, 'Primary and standby do not hear each other'],
    ['members-rejected', { from: 'members', how: 'reject' }, 'Primary and standby refuse each other, with resets'],
    ['members-in', { from: 'members', direction: 'in' }, 'The primary does not hear the standby'],
    ['members-out', { from: 'members', direction: 'out' }, 'The standby does not hear the primary'],
    ['standby-off', { who: 'standby', from: 'everybody' }, 'The standby is cut off from everybody'],
    ['standby-etcd', { who: 'standby', from: 'etcd' }, 'The standby is cut off from etcd only'],
  ]),
];
