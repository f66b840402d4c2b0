/** A disk of its own for a directory. Unmounted when it is disposed of, and also when the tester is killed. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Owner } from '../../scripts/rig/owner.ts';

export interface SmallDisk extends AsyncDisposable {
  resize(size: string): void;
}

/** Its standard input is open for as long as the tester lives. Lazily, since processes may still be in it. */
const holder = 'mount -t tmpfs -o "$1" tmpfs "$2" && echo mounted && cat >/dev/null; umount -l "$2"';

/** `size` as tmpfs takes it, like `20m`. The directory must exist; needs root. */
export async function mountSmallDisk(directory: string, size: string, { uid, gid }: Owner): Promise<SmallDisk> {
  const options = `size=${size},mode=0700,uid=${uid},gid=${gid}`;
  const held = spawn('sh', ['-c', holder, 'sh', options, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const ended = once(held, 'exit');
  await Promise.race([
    once(held.stdout, 'data'),
    ended.then(() => Promise.reject(new Error(`cannot mount a disk of ${size} at ${directory}`))),
  ]);
  return {
    resize: (to) => void execFileSync('mount', ['-o', `remount,size=${to}`, directory]),
    async [Symbol.asyncDispose]() {
      held.stdin.end();
      await ended;
    },
  };
}
