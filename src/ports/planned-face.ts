/** What of a daemon's face is about announced maintenance, reports and drills. Reads are of memory. */
import type { DrillEntry } from '../core/sla/drill/drill-entry.ts';
import type { Announcement } from '../core/sla/maintenance/announcement.ts';
import type { AnnouncementDraft } from '../core/sla/maintenance/announcement-check.ts';
import type { ContractReport } from '../core/sla/report/contract-report.ts';
import type { Run } from '../core/sla/schedule/run.ts';
import type { MemberName, Revision } from '../core/units.ts';
import type { SubmitOutcome } from './daemon-face.ts';

export interface MaintenanceDraft extends AnnouncementDraft {
  readonly by: string;
  readonly reason: string;
}

export interface CancelDraft {
  readonly id: string;
  readonly by: string;
  readonly reason: string;
}

export interface DrillDraft {
  readonly candidate: MemberName;
  /** What the caller saw when it decided; another leader or term in force refuses the drill. */
  readonly leader: MemberName;
  readonly term: Revision;
  readonly by: string;
  readonly reason: string;
}

export interface PlannedFace {
  /** Those on record, by when their windows begin. */
  announcements(): readonly Announcement[];
  /** Accepted also when it is too late for some contract: that is said of each. */
  announce(draft: MaintenanceDraft): Promise<SubmitOutcome>;
  cancelMaintenance(draft: CancelDraft): Promise<SubmitOutcome>;
  /** The contracts' reports of a month: as they were kept, or counted now. */
  contractReports(month: string): readonly ContractReport[];
  /** Scheduled runs of all jobs by when they were due, the newest few hundred. */
  runs(): readonly Run[];
  /** Oldest first. */
  drills(): readonly DrillEntry[];
  drill(draft: DrillDraft): Promise<SubmitOutcome>;
}
