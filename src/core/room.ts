/**
 * Room on the disks that PostgreSQL writes to. A full pg_wal ends the server (PANIC), and it cannot come up again before
 * there is room: the end of crash recovery and a promotion both write WAL.
 */
import { MiB } from './units.ts';

/** Free bytes for an ordinary process, on the file systems of the data directory and of pg_wal (often the same one). */
export interface Room {
  readonly dataBytes: number;
  readonly walBytes: number;
}

/** Two WAL segments of the default size: the one that a start or a promotion writes, and the next, made ahead. */
export const roomBytesMin = 32 * MiB;

/** The tighter of the two. */
export const freeBytes = (room: Room): number => Math.min(room.dataBytes, room.walBytes);

/** Not knowing is no reason to hold anything: what cannot be measured is taken to have room. */
export const lacksRoom = (bytes: number | null): boolean => bytes !== null && bytes < roomBytesMin;

/** How little room this member has, in words; null when it has enough, as far as is known. */
export function scarceRoom(view: { readonly room: Room | null }): string | null {
  const bytes = view.room === null ? null : freeBytes(view.room);
  return bytes !== null && lacksRoom(bytes) ? describeRoom(bytes) : null;
}

export const describeRoom = (bytes: number): string =>
  `${(bytes / MiB).toFixed(1)} MiB free on its disk, ${roomBytesMin / MiB} MiB are needed`;
