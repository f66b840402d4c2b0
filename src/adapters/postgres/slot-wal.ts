/**
 * How much WAL the slots of members that stay away may hold back. It must never fill the disk, so it is a part of the
 * file system that WAL is on; beyond it PostgreSQL gives the slot up, and its member is cloned when it comes back.
 */
import { statfs } from 'node:fs/promises';
import { MiB } from '../../core/units.ts';
import { walDirectory } from './wal-files.ts';

const shareOfDisk = 1 / 4;
/** Two segments: less would give a slot up while its member merely restarts. */
const leastMiB = 32;
const mostMiB = 16 * 1024;

/** A value for max_slot_wal_keep_size. */
export async function slotWalKept(dataDir: string): Promise<string> {
  const disk = await statfs(walDirectory(dataDir)).catch(() => null);
  if (disk === null) return `${mostMiB}MB`;
  return `${Math.round(Math.min(mostMiB, Math.max(leastMiB, (disk.blocks * disk.bsize * shareOfDisk) / MiB)))}MB`;
}
