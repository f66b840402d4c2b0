/** What the HTTP API and the CLI's socket see of a running daemon. Reads are of memory: they never wait for anything. */
import type { OperatorRequest } from '../core/cluster.ts';
import type { Decision } from '../core/decision.ts';
import type { Asked, SlaReport } from '../core/sla/accounting/report.ts';
import type { CaseFile } from '../core/sla/case/case-entry.ts';
import type { CaseDraft } from '../core/sla/case/draft.ts';
import type { EvidenceBundle } from '../core/sla/evidence/bundle.ts';
import type { Incident } from '../core/sla/incident.ts';
import type { Terms } from '../core/sla/maintenance/announcement.ts';
import type { NearMiss } from '../core/sla/near-miss/near-miss.ts';
import type { ListedNotice } from '../core/sla/notices/listed-notice.ts';
import type { MemberName, Revision, WallMs } from '../core/units.ts';
import type { View } from '../core/view.ts';
import type { LedgerExtract } from './ledger.ts';
import type { PlannedFace } from './planned-face.ts';

export interface RequestDraft {
  readonly kind: OperatorRequest['kind'];
  readonly candidate: MemberName;
  /** What the caller saw when it decided; another leader or term in force refuses the request. */
  readonly leader: MemberName | null;
  readonly term: Revision | null;
  readonly by: string;
  readonly reason: string;
  readonly allowDataLoss: boolean;
  readonly oldPrimaryIsFenced: boolean;
}

/** Repeated failovers have been looked at: who says so, and why they came. */
export interface ResumeDraft {
  readonly by: string;
  readonly reason: string;
}

export type SubmitOutcome =
  | { readonly kind: 'accepted'; readonly id: string }
  /** A precondition does not hold; `condition` is its short name, `problem` a sentence with what to do. */
  | { readonly kind: 'refused'; readonly condition: string; readonly problem: string }
  | { readonly kind: 'unknown'; readonly problem: string };

/** How an accepted request ended, as far as this daemon has seen. */
export type RequestProgress =
  | { readonly kind: 'under-way'; readonly step: string }
  | { readonly kind: 'done'; readonly leader: MemberName; readonly tookMs: number }
  | { readonly kind: 'failed'; readonly problem: string }
  | { readonly kind: 'not-known' };

/** What came of a message that only tries a channel. */
export type TestOutcome =
  | { readonly kind: 'delivered'; readonly key: string; readonly tookMs: number; readonly remark: string | null }
  | { readonly kind: 'not-delivered'; readonly problem: string }
  | { readonly kind: 'no-such-channel'; readonly known: readonly string[] };

/** `unknown`: kept in memory, and neither disk nor etcd has taken it yet. */
export type CaseOutcome = SubmitOutcome | { readonly kind: 'no-such-incident' };

/** What the ledger of one member holds of an incident. */
export interface LedgerProof extends LedgerExtract {
  readonly member: string;
}

export interface DaemonFace extends PlannedFace {
  readonly cluster: string;
  readonly version: string;
  /** The newest view and what was decided on it; null until the first. */
  latest(): { readonly view: View; readonly decision: Decision; readonly wall: WallMs } | null;
  /** Milliseconds since the loop last ran, for /liveness. */
  loopAgeMs(): number;
  /** Newest last, closed and open, from the local ledger and etcd. */
  incidents(): readonly Incident[];
  /** What every member has found on its own host about an incident, oldest look first. */
  evidence(incident: string): readonly EvidenceBundle[];
  /** What people added to incidents, in order; only of those to which somebody did. */
  cases(): readonly CaseFile[];
  addToCase(incidentId: string, by: string, draft: CaseDraft): Promise<CaseOutcome>;
  /** From this member's own disk: the versions of an incident that it recorded or copied, and everybody's entries. */
  proofOf(incidentId: string): Promise<LedgerProof>;
  /** The sites and the contracts that rule, by the terms on record, with the maintenance that is announced. */
  promises(): Terms;
  /** Where the configuration's contracts do not rule as they are written there: one sentence each, with the key and what to do. */
  contractProblems(): readonly string[];
  /** Of all contracts and sites, from the outage ledger of this host. */
  sla(asked: Asked): SlaReport;
  /** Doubts that healed, as every member saw them, oldest first. */
  nearMisses(): readonly NearMiss[];
  /** The outbox, oldest first. */
  notices(): readonly ListedNotice[];
  /** Sends a test through a channel, from this host, within seconds. */
  testChannel(channel: string): Promise<TestOutcome>;
  submit(draft: RequestDraft): Promise<SubmitOutcome>;
  resume(draft: ResumeDraft): Promise<SubmitOutcome>;
  progress(id: string): RequestProgress;
}
