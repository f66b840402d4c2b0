/** What this member is, in the words that it shows to others. */
import type { MemberRecord, MemberState } from './cluster.ts';
import type { Lsn, Ms, Timeline } from './units.ts';
import type { PostgresView } from './postgres-view.ts';
import type { View } from './view.ts';

/** A server that has not answered for so long is not said to stream. */
const unseenMs: Ms = 2_000;

/** As it stands in this member's key, and in what Patroni's tools read. */
export function ownRole({ self, postgres }: View): MemberRecord['role'] {
  if (self.role === 'observer') return 'observer';
  return postgres.kind === 'primary' ? 'primary' : postgres.kind === 'absent' ? 'uninitialized' : 'replica';
}

export function ownState(view: View): MemberState {
  if (view.self.role === 'observer') return 'running';
  if (view.operation.kind === 'busy') {
    if (view.operation.spec.kind === 'initialize') return 'initdb';
    if (view.operation.spec.kind === 'clone') return 'cloning';
    if (view.operation.spec.kind === 'rejoin') return 'rewinding';
  }
  const { child } = view.guardian;
  if (child.kind === 'stopping') return 'stopping';
  if (child.kind === 'exited' || child.kind === 'fencing') return 'crashed';
  const pg = view.postgres;
  switch (pg.kind) {
    case 'standby':
      if (view.nowMono - pg.seenMono > unseenMs) return 'starting';
      return pg.streamingFrom === null ? 'running' : 'streaming';
    case 'primary':
      return 'running';
    case 'starting':
      return 'starting';
    case 'unusable':
      return 'unfit';
    default:
      return 'stopped';
  }
}

/** The data is being made ready to follow another member: what was seen of it is void until that has ended. */
export const isRejoining = ({ operation }: View): boolean =>
  operation.kind === 'busy' && operation.spec.kind === 'rejoin';

export interface Positions {
  readonly timeline: Timeline | null;
  /** End of what this member has: written, received or, when stopped, on disk. */
  readonly lsn: Lsn | null;
  readonly replayLsn: Lsn | null;
}

export function ownPositions(pg: PostgresView): Positions {
  switch (pg.kind) {
    case 'primary':
      return { timeline: pg.timeline, lsn: pg.currentLsn, replayLsn: null };
    case 'standby': {
      // Before the first walreceiver of a run, nothing counts as received.
      const lsn = pg.receivedLsn > pg.replayLsn ? pg.receivedLsn : pg.replayLsn;
      return { timeline: pg.timeline, lsn, replayLsn: pg.replayLsn };
    }
    case 'stopped':
      return { timeline: pg.data.timeline, lsn: pg.data.lsn, replayLsn: null };
    default:
      return { timeline: null, lsn: null, replayLsn: null };
  }
}
