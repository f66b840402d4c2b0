/** What makes the PostgreSQL of one host slow, stubborn or short of something, whichever run of it: set by faults. */
import type { Ms } from '../../../src/core/units.ts';

export interface Circumstances {
  /** On top of what a fast shutdown takes anyway: a full cache, a walsender whose consumer is stuck. */
  stopTakesMs: Ms;
  /** On top of what a statement of a session that is there takes anyway: the host is short of processors. */
  answersTakeMs: Ms;
  /** On top of what a new connection takes anyway: it asks for a process of its own, and for its turn. */
  admissionTakesMs: Ms;
  /** On top of what crash recovery takes anyway. */
  recoveryTakesMs: Ms;
  /** On top of what a promotion takes anyway: a lot to replay, a restore_command that hangs. */
  promotionTakesMs: Ms;
  /** Between the removal of standby.signal and the change of the control file. */
  promotionDies: boolean;
  /** pg_rewind misses WAL of the target from before the fork. */
  rewindFails: boolean;
  /** Every walsender is busy with something long before it looks at a changed configuration. */
  walsendersLoadLate: boolean;
  maxConnections: number;
  superuserReserved: number;
  /** WAL is recycled by the segment, so this says how much of it is kept after a checkpoint. */
  segmentRecords: number;
  /** max_slot_wal_keep_size */
  slotKeptRecords: number;
}

/** How many of our records fill a segment of 16 MiB: a simulated life writes far less, unless records stand for more. */
const recordsPerSegment = 161_319;

export const normally = (): Circumstances => ({
  stopTakesMs: 0,
  answersTakeMs: 0,
  admissionTakesMs: 0,
  recoveryTakesMs: 0,
  promotionTakesMs: 0,
  promotionDies: false,
  rewindFails: false,
  walsendersLoadLate: false,
  maxConnections: 100,
  superuserReserved: 10,
  segmentRecords: recordsPerSegment,
  slotKeptRecords: 1_024 * recordsPerSegment,
});
