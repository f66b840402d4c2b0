/**
 * Every sync of etcd takes half a second, for seconds at a time: its data is on a disk of its own that the kernel
 * throttles for it. Go programs do not obey a preloaded library.
 */
import { findProcesses } from '../../rig/processes.ts';
import { type ChaosCluster, etcdHosts } from '../cluster.ts';
import { ThrottledDisk, throttlesProblem } from '../disk/throttled-disk.ts';
import { pause } from './child.ts';
import type { Strain } from './strain.ts';

const slowForMs = 5_000;
const quietForMs = 10_000;
const diskMiB = 512;
/** A sync of etcd's log takes two of them. */
const writesPerSecond = 4;

/** Of the soak under way. */
let disks: readonly ThrottledDisk[] = [];

export const slowEtcd: Strain = {
  name: 'slow-etcd',
  says: 'For 5 seconds out of every 15, each sync of each etcd member takes half a second',
  impossible: throttlesProblem,
  async prepare({ cluster, undo }) {
    for (const host of etcdHosts) {
      const disk = await onItsOwn(cluster, host);
      disks = [...disks, disk];
      undo(() => backAgain(cluster, host, disk));
    }
  },
  async run({ signal }) {
    let times = 0;
    while (!signal.aborted) {
      for (const disk of disks) disk.throttle({ writesPerSecond });
      times += 1;
      await pause(slowForMs, signal);
      for (const disk of disks) disk.throttle({});
      await pause(quietForMs, signal);
    }
    return `${times} times`;
  },
};

/** The member is down for a moment; the others carry on. */
async function onItsOwn(cluster: ChaosCluster, host: string): Promise<ThrottledDisk> {
  const { rig } = cluster;
  await cluster.killHost(host);
  const disk = new ThrottledDisk(host, rig.etcd.dataDirectory(cluster.etcdIndex(host) ?? 0), diskMiB);
  await cluster.startEtcd(host);
  const all = findProcesses({ rigId: rig.id, directory: rig.directory, member: null, uid: 0 });
  const etcd = all.find(({ argv }) => argv[0] === 'etcd' && argv.includes(host));
  if (etcd === undefined) throw new Error(`${host} does not run`);
  disk.add(etcd.pid);
  return disk;
}

async function backAgain(cluster: ChaosCluster, host: string, disk: ThrottledDisk): Promise<void> {
  disks = disks.filter((each) => each !== disk);
  disk.throttle({});
  await cluster.killHost(host);
  disk.remove();
  await cluster.startEtcd(host);
}
