/**
 * Every sync of etcd takes half a second, for seconds at a time: its data is on a disk of its own (a loop device) that
 * the kernel throttles for it. Go programs do not obey a preloaded library.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { etcdHosts, type ChaosCluster } from '../cluster.ts';
import { enclosure, throttlesOf } from '../enclosure.ts';
import { findProcesses } from '../../rig/processes.ts';
import { pause } from './child.ts';
import type { Strain } from './strain.ts';

const slowForMs = 5_000;
const quietForMs = 10_000;
const diskMiB = 512;
/** A sync of etcd's log takes two of them. */
const writesPerSecond = 4;
const commandLimitMs = 20_000;

export const slowEtcd: Strain = {
  name: 'slow-etcd',
  says: 'For 5 seconds out of every 15, each sync of each etcd member takes half a second',
  impossible: () =>
    throttles() === null ? 'it takes root, and the block device controller of control groups v1' : null,
  async prepare({ cluster, undo }) {
    for (const host of etcdHosts) {
      const disk = await EtcdDisk.moveTo(cluster, host, throttles() ?? '');
      undo(() => disk.moveBack());
    }
  },
  async run({ cluster, signal }) {
    const disks = etcdHosts.map((host) => new EtcdDisk(cluster, host, throttles() ?? ''));
    let times = 0;
    while (!signal.aborted) {
      for (const disk of disks) disk.throttle(writesPerSecond);
      times += 1;
      await pause(slowForMs, signal);
      for (const disk of disks) disk.throttle(0);
      await pause(quietForMs, signal);
    }
    return `${times} times`;
  },
};

/** The directory for control groups that throttle; null where there is none. */
function throttles(): string | null {
  const groups = enclosure()?.groups ?? null;
  const root = groups === null ? null : throttlesOf(groups);
  return root !== null && existsSync(join(root, '..', 'blkio.throttle.write_iops_device')) ? root : null;
}

class EtcdDisk {
  readonly #cluster: ChaosCluster;
  readonly #host: string;
  readonly #group: string;
  readonly #directory: string;

  constructor(cluster: ChaosCluster, host: string, groups: string) {
    this.#cluster = cluster;
    this.#host = host;
    this.#group = join(groups, host);
    this.#directory = cluster.rig.etcd.dataDirectory(cluster.etcdIndex(host) ?? 0);
  }

  /** The member is down for a moment; the others carry on. */
  static async moveTo(cluster: ChaosCluster, host: string, groups: string): Promise<EtcdDisk> {
    const disk = new EtcdDisk(cluster, host, groups);
    const directory = disk.#directory;
    const image = `${directory}.img`;
    mkdirSync(disk.#group, { recursive: true });
    await cluster.killHost(host);
    renameSync(directory, `${directory}.was`);
    mkdirSync(directory, { mode: 0o700 });
    run('truncate', '-s', `${diskMiB}M`, image);
    run('mkfs.ext4', '-q', '-F', image);
    run('mount', '-o', 'loop', image, directory);
    try {
      run('cp', '-a', `${directory}.was/.`, directory);
      await disk.#switchOn();
      return disk;
    } catch (error) {
      run('umount', '-l', directory);
      throw error;
    }
  }

  /** 0: as fast as it is. */
  throttle(writes: number): void {
    const { dev } = statSync(this.#directory);
    const device = `${(dev >> 8) & 0xfff}:${dev & 0xff}`;
    writeFileSync(join(this.#group, 'blkio.throttle.write_iops_device'), `${device} ${writes}\n`);
  }

  async moveBack(): Promise<void> {
    this.throttle(0);
    await this.#cluster.killHost(this.#host);
    const was = `${this.#directory}.was`;
    rmSync(was, { recursive: true });
    run('cp', '-a', this.#directory, was);
    run('umount', this.#directory);
    rmdirSync(this.#directory);
    renameSync(was, this.#directory);
    rmSync(`${this.#directory}.img`);
    await this.#cluster.startEtcd(this.#host);
    rmdirSync(this.#group);
  }

  async #switchOn(): Promise<void> {
    await this.#cluster.startEtcd(this.#host);
    const { id, directory } = this.#cluster.rig;
    const [etcd] = findProcesses({ rigId: id, directory, member: null, uid: 0 }).filter(
      ({ argv }) => argv[0] === 'etcd' && argv.includes(this.#host),
    );
    if (etcd === undefined) throw new Error(`${this.#host} does not run`);
    writeFileSync(join(this.#group, 'cgroup.procs'), `${etcd.pid}\n`);
  }
}

const run = (command: string, ...args: readonly string[]): void =>
  void execFileSync(command, args, { timeout: commandLimitMs, stdio: ['ignore', 'ignore', 'pipe'] });
