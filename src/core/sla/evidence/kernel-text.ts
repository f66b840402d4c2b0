/** What the kernel says of memory and disks, out of all that it says. */
import { second } from '../../units.ts';

export interface KernelRecord {
  readonly sinceBootMs: number;
  readonly text: string;
}

/** Out of memory, and what a disk, a file system or a controller complains of. */
const telling =
  /out of memory|oom-kill|oom_reaper|killed process|i\/o error|blk_update_request|buffer i\/o|remount|read-only|ext4-fs|xfs|btrfs|nvme|\bata\d|\bscsi\b|\bsd [0-9:]+|medium error|hung task|blocked for more than/i;

/** One record as /dev/kmsg gives it (Documentation/ABI/testing/dev-kmsg); null when it has another shape. */
export function kernelRecord(raw: string): KernelRecord | null {
  const record = /^\d+,\d+,(\d+),[^;]*;([^\n]*)/.exec(raw);
  return record === null ? null : { sinceBootMs: Number(record[1]) / 1000, text: record[2] ?? '' };
}

/**
 * Null when it tells nothing, or is of another time: `bootWall` is when the kernel began, in ms since the epoch like
 * `from` and `to`. Its clock stands still while the host sleeps and is corrected otherwise than the wall clock, so a
 * second on either side counts.
 */
export function kernelLine(
  { sinceBootMs, text }: KernelRecord,
  { from, to }: { readonly from: number; readonly to: number },
  bootWall: number,
): string | null {
  const at = bootWall + sinceBootMs;
  if (at < from - second || at > to + second || !telling.test(text)) return null;
  return `${new Date(at).toISOString()} ${text}`;
}
