/** What an incident on record means for those who are without service now, or were. */
import { type Ms, minute } from '../../units.ts';
import type { Incident } from '../incident.ts';

export type Outage =
  | { readonly phase: 'going-on'; readonly incident: Incident; readonly fromWall: number }
  | {
      readonly phase: 'over';
      readonly incident: Incident;
      readonly fromWall: number;
      /** Null: nobody measured the end. */
      readonly untilWall: number | null;
      /** Measured, or else from the two instants; null when the end is not known. */
      readonly lastedMs: Ms | null;
    };

/** What ended longer ago is no news: whoever was not told reads it in the report. Notices are kept for far longer. */
export const newsForMs: Ms = 6 * 60 * minute;

/**
 * The outages of which somebody may have to be told now. `isPresent`: whether a member's daemon is there. An open
 * record whose writer is gone says nothing about now: it ends with the next good write on record, if there is one.
 */
export function outagesOf(
  incidents: readonly Incident[],
  isPresent: (member: string) => boolean,
  nowWall: number,
): readonly Outage[] {
  return incidents.flatMap((incident) => {
    const fromWall = beginning(incident);
    if (fromWall === null || incident.affectedSites.length === 0) return [];
    const outage = outageOf(incident, fromWall, incidents, isPresent);
    return outage !== null && isNews(outage, nowWall) ? [outage] : [];
  });
}

function outageOf(
  incident: Incident,
  fromWall: number,
  incidents: readonly Incident[],
  isPresent: (member: string) => boolean,
): Outage | null {
  const { t7 } = incident.instants;
  if (t7 !== null) {
    const untilWall = Date.parse(t7.wall);
    return { phase: 'over', incident, fromWall, untilWall, lastedMs: incident.phases.outage ?? untilWall - fromWall };
  }
  const goesOn = (each: Incident): boolean =>
    each.state === 'open' && each.instants.t7 === null && isPresent(each.recordedBy);
  if (goesOn(incident)) return { phase: 'going-on', incident, fromWall };
  const ends = incidents
    .map(({ instants }) => instants.t7)
    .flatMap((each) => (each === null ? [] : [Date.parse(each.wall)]));
  const untilWall = ends.filter((end) => end >= fromWall).toSorted((one, other) => one - other)[0] ?? null;
  if (untilWall !== null) return { phase: 'over', incident, fromWall, untilWall, lastedMs: untilWall - fromWall };
  // Another record may be of the same outage: whoever is told that it is over would be told wrong.
  if (incident.state === 'open' || incidents.some(goesOn)) return null;
  return { phase: 'over', incident, fromWall, untilWall: null, lastedMs: null };
}

function isNews(outage: Outage, nowWall: number): boolean {
  if (outage.phase === 'going-on') return true;
  const { t8 } = outage.incident.instants;
  const newest = Math.max(outage.untilWall ?? outage.fromWall, t8 === null ? 0 : Date.parse(t8.wall));
  return nowWall - newest < newsForMs;
}

function beginning({ instants: { t0, t1, t2, t3 } }: Incident): number | null {
  const first = t0 ?? t1 ?? t2 ?? t3;
  return first === null ? null : Date.parse(first.wall);
}
