/**
 * Whether a timeline is the same promotion's here and at the leader. Two promotions may take one number at one position,
 * and their history files then agree; but the first record of each holds the time of its own promotion, and the
 * record's header a checksum over it.
 */
import type { RejoinFacts } from '../../core/rejoin-plan.ts';
import type { Branch, Fork } from '../../core/timeline-history.ts';
import type { Lsn } from '../../core/units.ts';
import { walBytesThere } from './leader.ts';
import type { Session } from './session.ts';
import { walBytesHere } from './wal-tail.ts';

const recordHeaderBytes = 24;
const pageBytes = 8192n;
const pageHeaderBytes = 24n;
/** Of the first page of a segment. */
const longPageHeaderBytes = 40n;

export interface CommonTimeline {
  readonly session: Session;
  readonly dataDir: string;
  readonly branch: Branch | null;
  readonly fork: Fork | null;
  readonly segmentBytes: number;
}

export async function sameFirstRecord(
  common: CommonTimeline,
  signal: AbortSignal,
): Promise<RejoinFacts['firstRecord']> {
  const { session, dataDir, branch, fork, segmentBytes } = common;
  if (fork === null || branch === null) return 'unknown';
  if (fork.timeline === 1) return 'same'; // begun by initdb: the system identifier tells
  const begin = branch.ancestors.findLast((line) => line.timeline < fork.timeline)?.endLsn;
  const position = begin === undefined ? null : firstRecordAt(begin, segmentBytes);
  if (position === null) return 'unknown';
  const here = await walBytesHere(dataDir, fork.timeline, position, segmentBytes, recordHeaderBytes);
  const at = { timeline: fork.timeline, position, segmentBytes, length: recordHeaderBytes };
  const there = here === null ? null : await walBytesThere(session, at, signal);
  if (here === null || there === null || there.length < recordHeaderBytes || isEmpty(here)) return 'unknown';
  return here.equals(there) ? 'same' : 'different';
}

/** Null when the header is split over two pages, which is not worth following. */
function firstRecordAt(begin: Lsn, segmentBytes: number): Lsn | null {
  const inPage = begin % pageBytes;
  if (inPage === 0n)
    return (begin + (begin % BigInt(segmentBytes) === 0n ? longPageHeaderBytes : pageHeaderBytes)) as Lsn;
  return inPage + BigInt(recordHeaderBytes) <= pageBytes ? begin : null;
}

/** Nothing of the timeline has arrived here yet. */
const isEmpty = (bytes: Buffer): boolean => bytes.length < recordHeaderBytes || bytes.every((byte) => byte === 0);
