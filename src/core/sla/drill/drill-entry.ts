/** Drills as they are listed: what was on record of each, and what it came to. */
import type { Ms } from '../../units.ts';
import type { Incident } from '../incident.ts';
import type { Run } from '../schedule/run.ts';
import { durationText } from '../timeline-text.ts';

export interface DrillEntry {
  /** When it was due, or asked for. RFC 3339. */
  readonly due: string;
  readonly askedBy: string | null;
  /** `under-way`: begun, and nobody has said how it ended. */
  readonly outcome: 'under-way' | 'done' | 'failed' | 'broken' | 'skipped' | 'missed';
  readonly says: string;
  /** How many due instants this stands for. */
  readonly count: number;
  readonly incident: string | null;
  readonly outageMs: Ms | null;
  /** Contracts by what they said of it; null without an incident. */
  readonly verdicts: Readonly<Record<'met' | 'breached' | 'excluded' | 'unmeasured', number>> | null;
}

/** Oldest first, like `runs`. */
export function drillEntries(runs: readonly Run[], incidents: readonly Incident[]): readonly DrillEntry[] {
  const byId = new Map(incidents.map((incident) => [incident.id, incident]));
  return runs
    .filter(({ claim }) => claim.job === 'drill')
    .map(({ claim, end }) => {
      const incident = (end?.incident == null ? undefined : byId.get(end.incident)) ?? null;
      return {
        due: new Date(claim.due).toISOString(),
        askedBy: claim.askedBy,
        outcome: claim.what === 'begun' ? (end?.outcome ?? 'under-way') : claim.what,
        says: end?.says ?? claim.says,
        count: claim.count,
        incident: end?.incident ?? null,
        outageMs: incident?.phases.outage ?? null,
        verdicts: incident === null ? null : verdictsOf(incident),
      };
    });
}

function verdictsOf({ verdicts }: Incident): NonNullable<DrillEntry['verdicts']> {
  const count = (kind: string) => verdicts.filter(({ outcome }) => outcome.kind === kind).length;
  return {
    met: count('met'),
    breached: count('breached'),
    excluded: count('excluded'),
    unmeasured: count('unmeasured'),
  };
}

/** The incident that a drill made which was begun at `begunAt` (ms since the epoch); null while there is none. */
export function incidentOfDrill(incidents: readonly Incident[], begunAt: number): Incident | null {
  const found = incidents.find(({ kind, instants: { t1, t2 } }) => {
    const declared = (t2 ?? t1)?.wall;
    return kind === 'drill' && declared !== undefined && Date.parse(declared) >= begunAt - clocksApartMs;
  });
  return found ?? null;
}

/** Two members' wall clocks. */
const clocksApartMs: Ms = 2_000;

/** What the newest drill that was carried out proves; null when none was. */
export function lastProof(entries: readonly DrillEntry[]): string | null {
  const proof = entries.findLast(({ outcome, outageMs }) => outcome === 'done' && outageMs !== null);
  if (proof?.outageMs == null) return null;
  const day = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', dateStyle: 'full' }).format(Date.parse(proof.due));
  return `The last drill proved on ${day} that the primary moves in ${durationText(proof.outageMs)}.`;
}
