/** The outage ledger in segments: what their files are called, and which of them has to go. */
import { MiB, type Ms, type WallMs } from './units.ts';

/** A file that has grown to this is closed and followed by the next. */
export const segmentBytesDefault = 16 * MiB;

/** The file that is appended to. */
export const activeName = 'ledger.ndjson';

/** A file that is not appended to any more. */
export interface Segment {
  readonly name: string;
  /** Numbers of its first and its last entry; the last is null when not one of its lines is an entry. */
  readonly first: number;
  readonly last: number | null;
  readonly lastHash: string | null;
  /** The earliest and the latest instant that its entries carry: a wall clock may have been set back meanwhile. */
  readonly fromWall: WallMs;
  readonly toWall: WallMs;
  readonly bytes: number;
}

export interface LedgerRetention {
  /** A segment goes when all of its entries are older. */
  readonly keepMs: Ms;
  /** The oldest segment goes while all files together are larger. */
  readonly bytesMax: number;
}

export type WhyDropped = 'age' | 'size';

/** Zero padded, so that a listing by name is in the order of the chain. */
export const segmentName = (first: number): string => `ledger-${String(first).padStart(12, '0')}.ndjson`;

/** The number of the first entry, as the name of a closed segment has it; null for any other file. */
export function firstInName(name: string): number | null {
  const digits = /^ledger-([0-9]{12,15})\.ndjson$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** Of the files in a directory those that are the ledger's, in the order of its chain. */
export function chainOrder(names: readonly string[]): readonly string[] {
  const closed = names
    .flatMap((name) => {
      const first = firstInName(name);
      return first === null ? [] : [{ name, first }];
    })
    .toSorted((a, b) => a.first - b.first)
    .map(({ name }) => name);
  return names.includes(activeName) ? [...closed, activeName] : closed;
}

/**
 * Why the oldest closed segment has to go, or null when it may stay. Only ever the oldest: a chain has no gaps. The
 * active file stays, whatever its age and size.
 */
export function whyToDrop(
  closed: readonly Segment[],
  activeBytes: number,
  now: WallMs,
  { keepMs, bytesMax }: LedgerRetention,
): WhyDropped | null {
  const oldest = closed[0];
  if (oldest === undefined) return null;
  if (now - oldest.toWall > keepMs) return 'age';
  const bytes = closed.reduce((sum, segment) => sum + segment.bytes, activeBytes);
  return bytes > bytesMax ? 'size' : null;
}
