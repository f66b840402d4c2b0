/**
 * Which server a remote fence is for, and the proof that one which answers at an address is that server. Addresses are
 * reused, members are rejoined, and two clusters may share hosts, a password and (after a restore) a system identifier:
 * only what the server says of itself, in the session that then acts, counts.
 */
import type { CopyId, MemberName, Timeline } from './units.ts';

/** A former primary, as it must find itself described before anything is done to it. */
export interface FenceTarget {
  readonly member: MemberName;
  readonly systemIdentifier: string;
  /** The timeline that the new leader ends: a server on a newer one is somebody's successor. */
  readonly timeline: Timeline;
  /** The copy with which it claimed last: a rewind or a clone would have made another (I9). */
  readonly copyId: CopyId;
  /** `pg_postmaster_start_time()` of the run that led, as its daemon told it; null when nobody told. */
  readonly runId: string | null;
}

/** What a server says of itself. */
export interface FoundServer {
  /** Its `cluster_name`, which Baton gives on the command line. */
  readonly serverName: string;
  readonly systemIdentifier: string;
  readonly inRecovery: boolean;
  /** Null in recovery. */
  readonly timeline: Timeline | null;
  /** Null when its data directory belongs to no copy of that member. */
  readonly copyId: CopyId | null;
  readonly runId: string;
}

/** PostgreSQL's `cluster_name` of one member: at most 63 bytes. */
export const serverName = (cluster: string, member: MemberName): string => `${cluster}/${member}`.slice(0, 63);

/** The first thing in which the found server is not the target; null when it is the target. */
export function whyNotTarget(found: FoundServer, target: FenceTarget, name: string): string | null {
  if (found.serverName !== name) return `it is the server of "${found.serverName}", not of "${name}"`;
  if (found.systemIdentifier !== target.systemIdentifier)
    return `its system identifier is ${found.systemIdentifier}, not ${target.systemIdentifier}: another cluster`;
  if (found.inRecovery) return 'it is in recovery: a standby acknowledges nothing';
  if (found.timeline !== target.timeline) return `it is on timeline ${found.timeline}, not on ${target.timeline}`;
  if (found.copyId !== target.copyId)
    return `it runs on copy ${found.copyId ?? 'of nobody'}, not on ${target.copyId}: it was rejoined since`;
  if (target.runId !== null && found.runId !== target.runId)
    return `it was started at ${found.runId}, not at ${target.runId}: another run`;
  return null;
}
