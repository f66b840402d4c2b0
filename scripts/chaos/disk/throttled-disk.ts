/**
 * A disk (a loop device) that the kernel makes slow for the processes of one control group. One that is slow enough hangs
 * as real ones do: who waits for it is in uninterruptible sleep, and not even SIGKILL ends him. Takes root and version 1 of
 * control groups. Whoever kills the runner leaves the throttle to the reaper of the enclosure.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { directoryInside, enclosure, throttlesOf } from '../enclosure.ts';

/** A limit of 0 is none. */
export interface Throttle {
  readonly writesPerSecond?: number;
  readonly writtenBytesPerSecond?: number;
}

const commandLimitMs = 60_000;

/** Why there can be none here; null when there can. */
export const throttlesProblem = (): string | null =>
  throttles() === null ? 'it takes root, and the block device controller of control groups v1' : null;

export class ThrottledDisk {
  /** Where it is mounted. */
  readonly directory: string;
  readonly #group: string;
  readonly #image: string;

  /** For the processes of `host`. `mib` is how much it holds. Nobody may use the directory meanwhile. */
  constructor(host: string, directory: string, mib: number) {
    const root = throttles();
    if (root === null) throw new Error(`no throttled disk: ${throttlesProblem()}`);
    this.directory = directory;
    this.#group = join(root, host); // Its reaper removes it.
    mkdirSync(this.#group, { recursive: true });
    this.#image = join(directoryInside, `${host}-${basename(directory)}.img`);
    run('truncate', '-s', `${mib}M`, this.#image);
    run('mkfs.ext4', '-q', '-F', this.#image);
    const aside = mkdtempSync(join(directoryInside, 'aside-'));
    run('mount', '-o', 'loop', this.#image, aside);
    run('cp', '-a', `${directory}/.`, aside);
    run('umount', aside);
    rmdirSync(aside);
    run('mount', '-o', 'loop', this.#image, directory);
  }

  /** From now on the process, and whatever it starts, feels the throttle. */
  add(pid: number): void {
    writeFileSync(join(this.#group, 'cgroup.procs'), `${pid}\n`);
  }

  throttle({ writesPerSecond = 0, writtenBytesPerSecond = 0 }: Throttle): void {
    const { dev } = statSync(this.directory);
    const device = `${(dev >> 8) & 0xfff}:${dev & 0xff}`;
    writeFileSync(join(this.#group, 'blkio.throttle.write_iops_device'), `${device} ${writesPerSecond}\n`);
    writeFileSync(join(this.#group, 'blkio.throttle.write_bps_device'), `${device} ${writtenBytesPerSecond}\n`);
  }

  /** The directory holds again what the disk held. Nobody may use it meanwhile. */
  remove(): void {
    const aside = mkdtempSync(join(directoryInside, 'aside-'));
    run('cp', '-a', `${this.directory}/.`, aside);
    this.discard();
    for (const entry of readdirSync(this.directory)) rmSync(join(this.directory, entry), { recursive: true });
    run('cp', '-a', `${aside}/.`, this.directory);
    rmSync(aside, { recursive: true });
  }

  /** What it held is lost, and the directory holds what it held before. Nobody may use it any more. */
  discard(): void {
    this.throttle({});
    run('umount', this.directory);
    rmSync(this.#image);
  }
}

/** The directory for control groups that throttle; null where there is none. */
function throttles(): string | null {
  const groups = enclosure()?.groups ?? null;
  const root = groups === null ? null : throttlesOf(groups);
  return root !== null && existsSync(join(dirname(root), 'blkio.throttle.write_iops_device')) ? root : null;
}

const run = (command: string, ...args: readonly string[]): void =>
  void execFileSync(command, args, { timeout: commandLimitMs, stdio: ['ignore', 'ignore', 'pipe'] });
