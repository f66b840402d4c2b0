/**
 * Two sites instead of one place: the second node and the second of three coordinators are in the other one, and
 * everything that crosses between the sites is late. Clients are near both.
 */
import { directoryInside } from '../../chaos/enclosure.ts';
import { layLateCable } from '../../chaos/late-cable.ts';
import type { Cluster } from '../systems/system.ts';

export async function layDistance({ endpoints, coordinators, network }: Cluster, rttMs: number): Promise<void> {
  const nodes = endpoints.map(({ name }) => name);
  const there = [nodes[1], ...(coordinators.length > 2 ? [coordinators[1]] : [])].filter((host) => host !== undefined);
  const here = [...nodes, ...coordinators].filter((host) => !there.includes(host));
  for (const host of there) {
    const cable = await layLateCable({ network, host, peers: network.addresses(here), directory: directoryInside });
    cable.setDelay(rttMs / 2, rttMs / 2);
  }
}
