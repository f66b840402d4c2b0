/** What the checker says of a history, in numbers that are all 0 when the promises were kept. */
import type { Gap } from '../../rig/acknowledgements.ts';
import type { Server } from './history.ts';

export interface Verdict {
  readonly counts: {
    /** Writes by outcome. */
    readonly acknowledged: number;
    readonly failed: number;
    readonly unknown: number;
    /** Unknown ones that are there, which is as good as not. */
    readonly unknownPresent: number;
    readonly reads: number;
  };
  readonly anomalies: Anomalies;
  /** In mode `off`, what a loss cost: from the first lost acknowledgement to the last one that its server gave. */
  readonly lossSpanMs: number;
  /** A read that showed less than what was acknowledged, or read, through another server before it was sent. */
  readonly staleReads: { readonly count: number; readonly worstMs: number };
  /** Times of at least 50 ms without any acknowledgement of a write, longest first. */
  readonly gaps: readonly Gap[];
  /** Of acknowledged writes. Null without any. */
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number } | null;
  /** In the order in which they first acknowledged. */
  readonly servers: readonly ServerPeriod[];
  /** The standbys that were compared with the leader. */
  readonly comparedReplicas: readonly string[];
  /** The first few of each anomaly, as sentences. */
  readonly examples: readonly string[];
}

/** How often each promise was broken. */
export interface Anomalies {
  /** Acknowledged and not there. */
  readonly missing: number;
  /** There more than once. */
  readonly doubled: number;
  /** There and never sent. */
  readonly foreign: number;
  /** There although the server had said that it failed. */
  readonly resurrected: number;
  /** Reads of all accounts with another sum than in the beginning; accounts that do not follow from the transfers. */
  readonly brokenBalances: number;
  /** Reads that saw an append which is not there in the end. */
  readonly readThenLost: number;
  /** Reads whose order of appends contradicts the final one. */
  readonly twoOrders: number;
  /** Reads that showed less than what the same server had acknowledged or shown before they were sent. */
  readonly wentBack: number;
  /** Writes that one member acknowledged on a timeline on which another had acknowledged. */
  readonly sameTimeline: number;
  /** Writes that were sent and acknowledged after another member had acknowledged on a higher timeline. */
  readonly afterSuccessor: number;
  /** Writes acknowledged by a database with another system identifier than the first one had. */
  readonly otherDatabase: number;
  /** Parts of a standby that are not as on the leader, although it has replayed what the leader holds. */
  readonly differingReplicas: number;
}

export interface ServerPeriod extends Server {
  readonly acknowledged: number;
  readonly firstMono: number;
  readonly lastMono: number;
}

/** No promise of the synchronous modes was broken. Reads may be stale until the fence; that is judged by the fault. */
export const isClean = ({ anomalies }: Verdict): boolean => Object.values(anomalies).every((count) => count === 0);

/** In mode `off` acknowledged writes may be lost, and with them what was read; nothing else may happen. */
export const isCleanButForLoss = ({ anomalies }: Verdict): boolean =>
  Object.values({ ...anomalies, missing: 0, readThenLost: 0, twoOrders: 0 }).every((count) => count === 0);

/** The length of the longest time without service that overlaps the window; 0 when there was none. */
export const longestGapMs = ({ gaps }: Pick<Verdict, 'gaps'>, sinceMono: number, untilMono: number): number =>
  gaps.find(({ fromMono, toMono }) => toMono >= sinceMono && fromMono <= untilMono)?.lengthMs ?? 0;

/** One line for a table or a log. */
export function verdictText(verdict: Verdict): string {
  const { acknowledged, unknown, reads } = verdict.counts;
  const broken = Object.entries(verdict.anomalies).filter(([, count]) => count > 0);
  const said = broken.length === 0 ? 'all kept' : broken.map(([name, count]) => `${name} ${count}`).join(', ');
  const stale = verdict.staleReads.count === 0 ? '' : `, ${verdict.staleReads.count} stale reads`;
  return `${acknowledged} acknowledged, ${unknown} unknown, ${reads} reads: ${said}${stale}`;
}
