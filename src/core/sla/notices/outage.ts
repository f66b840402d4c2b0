/** What an incident on record means for those who are without service now, or were. */
import { type Ms, minute, second } from '../../units.ts';
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

/** Between the last good write and the first doubt: a probe is sent three times a second and may take a while to fail. */
const unseenMsMax: Ms = 5 * second;

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
    if (fromWall === null) return [];
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
    const untilWall = Math.max(fromWall, Date.parse(t7.wall));
    const measured = fromWall === (incident.instants.t0 === null ? null : Date.parse(incident.instants.t0.wall));
    const lastedMs = unaffected(incident)
      ? 0
      : measured
        ? (incident.phases.outage ?? untilWall - fromWall)
        : untilWall - fromWall;
    return { phase: 'over', incident, fromWall, untilWall, lastedMs };
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

/** A failure was declared, and no write ever failed: whoever was told of it must hear that. */
export const unaffected = ({ affectedSites }: Incident): boolean => affectedSites.length === 0;

/**
 * The last good write; but if nobody had looked for long before there was any doubt, nobody knows more than the doubt. A
 * member that did not measure has its own last good write from when it last did.
 */
function beginning({ instants: { t0, t1, t2, t3 } }: Incident): number | null {
  const first = t0 ?? t1 ?? t2 ?? t3;
  if (first === null) return null;
  const [began, doubted] = [Date.parse(first.wall), t1 === null ? null : Date.parse(t1.wall)];
  return doubted !== null && doubted - began > unseenMsMax ? doubted : began;
}
