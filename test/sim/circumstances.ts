/** What makes the PostgreSQL of one host slow, stubborn or short of something, whichever run of it: set by faults. */
import type { Ms } from '../../src/core/units.ts';

/** How many of our records fill a segment of 16 MiB: a simulated life writes far less, unless records stand for more. */
const recordsPerSegment = 161_319;
/** Baton's own default of max_slot_wal_keep_size, in records. */
const slotKeptRecords = 1024 * recordsPerSegment;

export class Circumstances {
  /** On top of what a fast shutdown takes anyway: a full cache, a walsender whose consumer is stuck. */
  stopTakesMs: Ms = 0;
  /** On top of what crash recovery takes anyway. */
  recoveryTakesMs: Ms = 0;
  /** On top of what a promotion takes anyway: a lot to replay, a restore_command that hangs. */
  promotionTakesMs: Ms = 0;
  /** Between the removal of standby.signal and the change of the control file. */
  promotionDies = false;
  /** pg_rewind misses WAL of the target from before the fork. */
  rewindFails = false;
  maxConnections = 100;
  readonly superuserReserved = 10;
  /** WAL is recycled by the segment, so this says how much of it is kept after a checkpoint. */
  segmentRecords = recordsPerSegment;
  /** max_slot_wal_keep_size */
  slotKeptRecords = slotKeptRecords;
}
