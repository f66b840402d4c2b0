/**
 * The record of one outage, as it is kept in etcd (`incidents/<id>`), in the ledger and in exports. Plain JSON of at
 * most 64 KiB: instants are RFC 3339 UTC with milliseconds, durations integer milliseconds from one monotonic clock,
 * sizes bytes, LSNs text. Nothing in it is edited later: a correction is an amendment.
 */
import type { SyncMode } from '../cluster.ts';
import type { Ms } from '../units.ts';

export interface Incident {
  /** Version of this shape. */
  readonly v: 1;
  /** Counts what the recorder wrote of this incident, from 1: of two versions the higher is newer. Older records have none. */
  readonly edition?: number | undefined;
  /** `<cluster>-<YYYYMMDD>-<HHMMSSmmm>-<recorded by>`, of t1 in UTC. Fixed when the incident opens. */
  readonly id: string;
  readonly cluster: string;
  readonly kind: IncidentKind;
  /** What failed, as a code: `postmaster-exited`, `operator-request`, `write-probe-failing`, ... */
  readonly trigger: string;
  /** The rule that declared the failure; null when none did (the write probe or a change of leader opened it). */
  readonly rule: string | null;
  /** That rule's sentence. */
  readonly because: string;
  readonly state: 'open' | 'closed';
  /** Why it is closed: `redundant` again, `healed` before anything changed, or the next incident began. Null while open. */
  readonly closedBecause: 'redundant' | 'healed' | 'superseded' | null;
  readonly oldLeader: Place | null;
  /** Null until somebody took over; the old leader itself when it was restarted or came back. */
  readonly newLeader: Place | null;
  readonly oldTimeline: number | null;
  readonly newTimeline: number | null;
  /** Where the old timeline ended, like `0/5000148`; null without a promotion. */
  readonly forkLsn: string | null;
  readonly termBefore: number | null;
  readonly termAfter: number | null;
  readonly instants: Readonly<Record<InstantName, Instant | null>>;
  readonly phases: Phases;
  readonly loss: Loss;
  /** The mode in force when it began; null when nobody knew. */
  readonly mode: SyncMode | null;
  readonly affectedSites: readonly AffectedSite[];
  readonly verdicts: readonly Verdict[];
  /** What was known when it was declared, one sentence per kind of evidence, then what the recorder noted itself. */
  readonly evidence: readonly Evidence[];
  /** Whose probe saw both ends of the outage. */
  readonly measuredBy: MeasuredBy;
  /** The member whose recorder wrote this. */
  readonly recordedBy: string;
  readonly amendments: readonly Amendment[];
}

/**
 * `drill`: a switchover that was made to prove that it works. `outage-without-failover`: writes failed and came back by
 * themselves. `forced-failover`: an operator promoted a member that might miss acknowledged commits.
 */
export type IncidentKind =
  | 'failover'
  | 'switchover'
  | 'drill'
  | 'forced-failover'
  | 'restart-in-place'
  | 'outage-without-failover';

/** Handed over in good order because somebody, or a schedule, asked for it. */
export const isHandOver = (kind: IncidentKind): boolean => kind === 'switchover' || kind === 'drill';

/** 0 where it was not counted. */
export const editionOf = ({ edition }: Incident): number => edition ?? 0;

/**
 * Of two versions of one incident the one that its recorder wrote later, in whatever order they came to where they are
 * kept: `next` where both count the same.
 */
export const newerOf = (known: Incident | undefined, next: Incident): Incident =>
  known !== undefined && editionOf(known) > editionOf(next) ? known : next;

export interface Place {
  readonly member: string;
  /** Its data centre; empty when nobody knew. */
  readonly location: string;
}

/**
 * t0 last good write, t1 suspected, t2 declared, t3 leadership won, t4 old primary fenced or proved harmless,
 * t5 promotion requested, t6 accepting writes, t7 first good write through the client's way, t8 redundant again.
 */
export type InstantName = 't0' | 't1' | 't2' | 't3' | 't4' | 't5' | 't6' | 't7' | 't8';
export const INSTANT_NAMES: readonly InstantName[] = ['t0', 't1', 't2', 't3', 't4', 't5', 't6', 't7', 't8'];

export interface Instant {
  /** RFC 3339 UTC with milliseconds, by the recorder's wall clock at that moment. For reading, not for subtracting. */
  readonly wall: string;
  /** Milliseconds after t0 by the recorder's monotonic clock, negative before it; null when t0 is not known. */
  readonly monoMs: Ms | null;
  /** False: inferred, `by` says from what. */
  readonly measured: boolean;
  /**
   * How far the true instant may be off: t0 may be that much later (the last good write fell between two probes), t7
   * that much earlier. 0 for a local event; null when there is no bound.
   */
  readonly uncertaintyMs: Ms | null;
  /** What showed it, like `write probe to slough-a`. */
  readonly by: string;
}

/**
 * Integer milliseconds, null when one end is not known. Never negative: a failure declared before writes stopped (a
 * switchover) was detected in 0 ms, and redundancy that was back before the first good write exposed nobody.
 */
export interface Phases {
  /** t2 - t0 */
  readonly detection: Ms | null;
  /** t3 - t2 */
  readonly decision: Ms | null;
  /** t6 - t3 */
  readonly promotion: Ms | null;
  /** t7 - t6 */
  readonly routing: Ms | null;
  /** t7 - t0: what the customer saw. */
  readonly outage: Ms | null;
  /** t8 - t7: how long one more failure would have been fatal. */
  readonly exposure: Ms | null;
}

export interface Loss {
  /** Upper bound of the WAL that was acknowledged and is not in the new primary; null: no bound is known. */
  readonly bytesMax: number | null;
  /** How far back lost commits may reach; null: not known. */
  readonly timeMsMax: Ms | null;
  /** No acknowledged commit can be missing. Then both bounds are 0. */
  readonly provedNone: boolean;
  /** Why that is so, or what the bound was made from. A sentence. */
  readonly basis: string;
}

/** `person`: nobody's probe saw it; somebody wrote it down. */
export type MeasuredBy = 'standby' | 'leader' | 'observer' | 'person';

export interface Evidence {
  /** E1-E6 of docs/safety.md; `note` for what the recorder itself saw. */
  readonly id: 'E1' | 'E2' | 'E3' | 'E4' | 'E5' | 'E6' | 'note';
  readonly says: string;
}

export interface AffectedSite {
  readonly id: string;
  readonly name: string;
  /** t0 and t7, RFC 3339; null while not known (`until`: still down, or nobody measured). */
  readonly downFrom: string | null;
  readonly downUntil: string | null;
}

/** What one contract says about one incident. */
export interface Verdict {
  readonly contract: string;
  readonly contractVersion: number;
  readonly customer: string;
  /** Ids of the affected sites that the contract covers. */
  readonly sites: readonly string[];
  readonly outcome: VerdictOutcome;
  /** Every number that was compared, also when the contract was met. */
  readonly measures: readonly Measure[];
}

export type VerdictOutcome =
  | { readonly kind: 'met' }
  | { readonly kind: 'breached'; readonly breaches: readonly Breach[] }
  | { readonly kind: 'excluded'; readonly why: string }
  /** Nothing measured breaches it, but these were not measured (yet): no `met` without a number. */
  | { readonly kind: 'unmeasured'; readonly missing: readonly Measure['of'][] };

export type Breach =
  | { readonly of: 'rto' | 'rpo' | 'detection'; readonly byMs: Ms }
  | { readonly of: 'rpo'; readonly byBytes: number };

export type Measure =
  | { readonly of: 'rto' | 'rpo-time' | 'detection'; readonly limitMs: Ms; readonly actualMs: Ms | null }
  | { readonly of: 'rpo-bytes'; readonly limitBytes: number; readonly actualBytes: number | null };

/** A correction: the value before stays readable, and so does who changed it and why. */
export interface Amendment {
  /** RFC 3339 UTC. */
  readonly at: string;
  readonly by: string;
  /** Path of the field, like `loss.bytesMax`. */
  readonly field: string;
  /** JSON text of the value before and after. */
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}
