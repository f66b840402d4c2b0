/**
 * Repeated failovers are a sign of something that a failover does not mend. After so many within a window, automation
 * stops moving the leadership until a person has looked; what does not move it (leading, restarting in place, a
 * returning leader, everything that an operator asks for) goes on.
 */
import type { Acknowledgement, ClusterState, HistoryRow } from './cluster.ts';
import { type Ms, minute, type WallMs } from './units.ts';
import type { View } from './view.ts';

/** Why a promotion was made: the first word of a history row's reason. */
export type PromotionCause = 'failover' | 'forced' | 'switchover' | 'shutdown';

export const promotionReason = (cause: PromotionCause, text: string): string =>
  text === '' ? cause : `${cause}: ${text}`;

const wasFailover = (row: HistoryRow): boolean => /^failover\b/.test(row.reason);

export interface Cooldown {
  readonly failovers: number;
  readonly windowMs: Ms;
  /** Promotions up to this timeline are what an acknowledgement now would cover. */
  readonly timeline: number;
}

/** Null while automation may move the leadership. */
export function cooldown(view: View, state: ClusterState): Cooldown | null {
  const { count, windowMs } = view.policy.failover.cooldown;
  const rows = state.history.kind === 'present' ? state.history.value : [];
  const known = state.cooldown.kind === 'present' ? state.cooldown.value.timeline : 0;
  const recent = rows.filter(
    (row) => wasFailover(row) && row.newTimeline > known && within(row.timestamp, view.nowWall, windowMs),
  );
  if (recent.length < count) return null;
  return { failovers: recent.length, windowMs, timeline: Math.max(...rows.map((row) => row.newTimeline)) };
}

export const describeCooldown = ({ failovers, windowMs }: Cooldown): string =>
  `${failovers} ${failovers === 1 ? 'failover' : 'failovers'} within ${Math.round(windowMs / minute)} minutes: none is made by itself until somebody has looked ` +
  'why and says so with `baton resume`. `baton failover` and `baton switchover` work meanwhile';

/** Hosts' wall clocks differ: a promotion that seems to be in the future was made just now. */
const within = (timestamp: string, now: WallMs, windowMs: Ms): boolean => now - Date.parse(timestamp) < windowMs;

/** What an operator who has looked at the failovers so far writes into etcd. */
export const acknowledge = ({ timeline }: Cooldown, by: string, reason: string, now: WallMs): Acknowledgement => ({
  timeline,
  by,
  reason,
  at: new Date(now).toISOString(),
});
