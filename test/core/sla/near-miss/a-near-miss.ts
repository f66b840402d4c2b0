import type { NearMiss } from '../../../../src/core/sla/near-miss/near-miss.ts';
import { limitsOf } from '../../../../src/core/doubt/limits.ts';
import { type WallMs, wallMs } from '../../../../src/core/units.ts';
import { policy } from '../../a-view.ts';

/** The morning of 24 April 2008, some minutes before all of it failed. */
export const morning: WallMs = wallMs(Date.parse('2008-04-24T09:10:00.000Z'));

/** Fresh connections to the primary failed for 1.2 s of the 1.5 s that are allowed. */
export const aMiss = (changes: Partial<NearMiss> = {}): NearMiss => ({
  cluster: 'domain-1',
  about: 'a',
  seenBy: 'a',
  as: 'leader',
  at: morning,
  lastedMs: 1_200,
  signs: ['connections-fail'],
  rule: 'fence-hung',
  headroomMs: 300,
  closestAfterMs: 1_200,
  limits: limitsOf(policy),
  count: 1,
  from: morning,
  until: wallMs(morning + 1_200),
  longestMs: 1_200,
  ...changes,
});
