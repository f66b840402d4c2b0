/** A disk of its own for a directory, in memory. Only inside an enclosure, whose end is the end of what is mounted there. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, statfsSync } from 'node:fs';
import { MiB } from '../../../src/core/units.ts';
import type { Owner } from '../../rig/owner.ts';

const sizeMiB = 1_024;
const limitMs = 10_000;

export class Disk {
  /** Where it is mounted. */
  readonly directory: string;

  /** The directory is made. */
  constructor(directory: string, { uid, gid }: Owner) {
    this.directory = directory;
    mkdirSync(directory);
    run('mount', '-t', 'tmpfs', '-o', `size=${sizeMiB}m,mode=0700,uid=${uid},gid=${gid}`, 'tmpfs', directory);
  }

  /** Leaves no more than so much free, as if somebody else had filled the rest. */
  fill(freeBytes: number): void {
    const { blocks, bfree, bsize } = statfsSync(this.directory);
    run('mount', '-o', `remount,size=${(blocks - bfree) * bsize + freeBytes}`, this.directory);
  }

  /** As large as in the beginning. */
  makeRoom(): void {
    run('mount', '-o', `remount,size=${sizeMiB}m`, this.directory);
  }

  get freeMiB(): number {
    const { bavail, bsize } = statfsSync(this.directory);
    return (bavail * bsize) / MiB;
  }

  /** It is out of sight at once, and gone when the last process that was killed has let go of it. */
  unmount(): void {
    run('umount', '--lazy', this.directory);
  }
}

const run = (command: string, ...args: readonly string[]): void =>
  void execFileSync(command, args, { timeout: limitMs, stdio: ['ignore', 'ignore', 'pipe'] });
