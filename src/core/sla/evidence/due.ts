/** When a member looks for evidence of an incident. */
import { beginning } from '../beginning.ts';
import type { Incident } from '../incident.ts';
import { minute, type Ms, second } from '../../units.ts';
import type { EvidenceMoment } from './bundle.ts';

/** Nothing is read while it would slow a failover down; a failover that takes longer than this is no longer fast. */
export const outageLimitMs: Ms = 5 * second;
/** Older ones were looked at when they happened, or there is nothing left of that time. */
const ageLimitMs: Ms = 60 * minute;

/** What is to be collected now; `collected` are the moments of this incident that this member has already. */
export function evidenceDue(
  incident: Incident,
  collected: readonly EvidenceMoment[],
  nowWall: number,
): readonly EvidenceMoment[] {
  const begin = beginning(incident);
  if (begin === null || nowWall - begin > ageLimitMs) return [];
  const due: EvidenceMoment[] = [];
  const back = incident.instants.t7 !== null || incident.state === 'closed';
  if (back || nowWall - begin > outageLimitMs) due.push('outage');
  if (incident.state === 'closed') due.push('after');
  return due.filter((moment) => !collected.includes(moment));
}
