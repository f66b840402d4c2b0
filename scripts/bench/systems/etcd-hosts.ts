/** Three etcd members, each on a host of its own. */
import { type RealEtcd, startEtcd } from '../../../test/support/real-etcd.ts';
import { directoryInside } from '../../chaos/enclosure.ts';
import type { Hosts } from './hosts.ts';

export const etcdHosts = ['etcd-0', 'etcd-1', 'etcd-2'] as const;

export const startEtcdOn = (hosts: Hosts): Promise<RealEtcd> =>
  startEtcd({ members: 3, places: etcdHosts.map((host) => hosts.place(host)), directory: directoryInside });
