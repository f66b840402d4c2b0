/** What the kernel said about memory and disks. Each read of /dev/kmsg is one record (Documentation/ABI/testing/dev-kmsg). */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Found } from '../core/sla/evidence/bundle.ts';
import { KiB, second } from '../core/units.ts';
import { hasCode, isSystemError } from './system-error.ts';

const path = '/dev/kmsg';
/** Out of memory, and what a disk, a file system or a controller complains of. */
const telling =
  /out of memory|oom-kill|oom_reaper|killed process|i\/o error|blk_update_request|buffer i\/o|remount|read-only|ext4-fs|xfs|btrfs|nvme|\bata\d|\bscsi\b|\bsd [0-9:]+|medium error|hung task|blocked for more than/i;
const recordsMax = 20_000;
/** Read in one go, each a system call: batond has a lease to keep meanwhile. */
const recordsATurn = 250;

/** The kernel's records count the milliseconds since it began, as `nowMono` does. */
export async function kernelPart(from: number, to: number, nowWall: number, nowMono: number): Promise<Found> {
  const lines: string[] = [];
  let problem: string | null = null;
  try {
    for await (const record of records()) {
      const at = nowWall - nowMono + record.sinceBootMs;
      // The kernel's clock stands still while the host sleeps, and is corrected otherwise than the wall clock.
      if (at < from - second || at > to + second || !telling.test(record.text)) continue;
      lines.push(`${new Date(at).toISOString()} ${record.text}`);
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    problem = hasCode(error, 'EPERM', 'EACCES')
      ? `this user may not read the kernel's messages (${error.code}): give batond CAP_SYSLOG, or set kernel.dmesg_restrict to 0`
      : error.message;
  }
  return { source: 'kernel', from: path, problem, lines };
}

async function* records(): AsyncGenerator<{ readonly sinceBootMs: number; readonly text: string }> {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const buffer = Buffer.alloc(8 * KiB);
    for (let count = 0; count < recordsMax; count += 1) {
      if (count % recordsATurn === recordsATurn - 1) await nextTurn();
      let bytes: number;
      try {
        bytes = readSync(file, buffer);
      } catch (error) {
        if (hasCode(error, 'EAGAIN')) return;
        if (hasCode(error, 'EPIPE')) continue; // overwritten meanwhile: the next read has the oldest that is left
        throw error;
      }
      const record = /^\d+,\d+,(\d+),[^;]*;([^\n]*)/.exec(buffer.toString('utf8', 0, bytes));
      if (record !== null) yield { sinceBootMs: Number(record[1]) / 1000, text: record[2] ?? '' };
    }
  } finally {
    closeSync(file);
  }
}
