/**
 * The units in which the rest of the code speaks. What must never be mixed (two clocks, two kinds of name, a WAL
 * position and a number) has its own type; the cast lives in the one parser or constructor beside it.
 */
declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** A duration in milliseconds. */
export type Ms = number;
/** An instant of this host's CLOCK_MONOTONIC in milliseconds. Means nothing on another host or after a reboot. */
export type MonoMs = Branded<number, 'MonoMs'>;
/** An instant of the wall clock, milliseconds since the epoch. For records only: no deadline is made of it. */
export type WallMs = Branded<number, 'WallMs'>;
/** A position in the write-ahead log. Comparable within one timeline only. */
export type Lsn = Branded<bigint, 'Lsn'>;
/** PostgreSQL's timeline number. Equal numbers prove nothing: compare histories. */
export type Timeline = Branded<number, 'Timeline'>;
/** An etcd revision. The mod revision of the leader key is the term. */
export type Revision = Branded<number, 'Revision'>;
/** An etcd lease, a 64-bit number in decimal text. */
export type LeaseId = Branded<string, 'LeaseId'>;
export type MemberName = Branded<string, 'MemberName'>;
/** Names one copy of the data: a clone, a rewind or a restore makes another (invariant I9). */
export type CopyId = Branded<string, 'CopyId'>;

export const second: Ms = 1_000;
export const minute: Ms = 60 * second;
/** Of 24 hours; what a calendar makes of a day is the zone's business. */
export const dayMs: Ms = 24 * 60 * minute;
export const KiB = 1024;
export const MiB = 1024 * KiB;

export const monoMs = (value: number): MonoMs => value as MonoMs;
export const wallMs = (value: number): WallMs => value as WallMs;
export const after = (start: MonoMs, duration: Ms): MonoMs => (start + duration) as MonoMs;
/** Milliseconds from `start` until `now`. */
export const elapsed = (start: MonoMs, now: MonoMs): Ms => now - start;

export const leaseId = (decimal: string): LeaseId => decimal as LeaseId;
export const memberName = (text: string): MemberName => text as MemberName;
export const copyId = (text: string): CopyId => text as CopyId;
export const timeline = (value: number): Timeline => value as Timeline;

/** Throws RangeError for what etcd cannot have sent; revisions above 2^53 are refused rather than rounded. */
export function revision(value: number | string): Revision {
  const parsed = Number(value);
  if (!Number.isSafeInteger(parsed) || parsed < 0) throw new RangeError(`not an etcd revision: "${value}"`);
  return parsed as Revision;
}

/** Parses PostgreSQL's `16/B374D848`. Throws RangeError on anything else. */
export function parseLsn(text: string): Lsn {
  const match = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text);
  if (match === null) throw new RangeError(`not an LSN: "${text}", expected like 16/B374D848`);
  return ((BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`)) as Lsn;
}

export const lsn = (position: bigint): Lsn => position as Lsn;

export function formatLsn(position: Lsn): string {
  const hex = (part: bigint) => part.toString(16).toUpperCase();
  return `${hex(position >> 32n)}/${hex(position & 0xffff_ffffn)}`;
}

/** Bytes of WAL from `behind` to `ahead`; 0 when `behind` is not behind. Both on one timeline. */
export const lagBytes = (ahead: Lsn, behind: Lsn): bigint => (ahead > behind ? ahead - behind : 0n);
