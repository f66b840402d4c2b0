/** Free bytes where the server writes. A file system that hangs never answers: one question is under way at a time. */
import { statfs } from 'node:fs/promises';
import type { Room } from '../../core/room.ts';
import type { Ms } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import { bounded } from './bounded.ts';
import { walDirectory } from './wal-files.ts';

/** Null when there is no directory, or no answer within the limit. */
export function createRoom(clock: Clock, dataDir: string): (limitMs: Ms) => Promise<Room | null> {
  let underWay: Promise<Room> | null = null;
  const measure = async (): Promise<Room> => {
    const data = await statfs(dataDir);
    const wal = await statfs(walDirectory(dataDir));
    return { dataBytes: data.bavail * data.bsize, walBytes: wal.bavail * wal.bsize };
  };
  return async (limitMs) => {
    underWay ??= measure().finally(() => {
      underWay = null;
    });
    return bounded(clock, limitMs, undefined, underWay, () => undefined).catch(() => null);
  };
}
