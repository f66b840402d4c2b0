import type { SubmitOutcome } from '../../src/ports/daemon-face.ts';
import type { PlannedFace } from '../../src/ports/planned-face.ts';

/** The part of a daemon's face that is about planned work, of a daemon that has none. */
export const nothingPlanned = (outcome: SubmitOutcome): PlannedFace => ({
  announcements: () => [],
  announce: async () => outcome,
  cancelMaintenance: async () => outcome,
  contractReports: () => [],
  runs: () => [],
  drills: () => [],
  drill: async () => outcome,
});
