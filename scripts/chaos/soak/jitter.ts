/** The network between the members is late, by another amount every moment. */
import { tagOf } from '../../rig/processes.ts';
import { hasCompiler } from '../disk/host-faults.ts';
import { layLateCable, type LateCable } from '../late-cable.ts';
import { pause } from './child.ts';
import type { SoakStage, Strain } from './strain.ts';

/** Of each direction: a round trip is late by twice as much at most. */
const lateMsMax = 50;
const lateForMs = 15_000;
const quietForMs = 15_000;
/** By the cluster that it was laid in. */
const cables = new WeakMap<SoakStage['cluster'], LateCable>();

export const jitter: Strain = {
  name: 'jitter',
  says: `For 15 seconds out of every 30, round trips between the primary and the others are late by up to ${2 * lateMsMax} ms`,
  impossible: () => (hasCompiler() ? null : 'there is no gcc'),
  async prepare({ cluster, leader }) {
    const { network, rig, members } = cluster;
    const cable = await layLateCable({
      ...{ network, host: leader, directory: rig.directory },
      peers: network.addresses(members.filter((name) => name !== leader)),
      env: { BATON_RIG: tagOf(rig.id, null) },
    });
    cables.set(cluster, cable);
  },
  async run({ cluster, signal }) {
    const cable = cables.get(cluster);
    if (cable === undefined) throw new Error('no late cable was laid in this cluster');
    let times = 0;
    while (!signal.aborted) {
      cable.setDelay(0, lateMsMax);
      times += 1;
      await pause(lateForMs, signal);
      cable.setDelay(0, 0);
      await pause(quietForMs, signal);
    }
    return `${times} times`;
  },
};
