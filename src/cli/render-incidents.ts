/** The list of incidents: two lines each, because an id is too long for a column and must stay whole to be copied. */
import { durationText } from '../core/sla/timeline-text.ts';
import type { Incident, Verdict } from '../core/sla/incident.ts';
import { formatBytes } from './format-bytes.ts';
import { type Paint, wrapText } from './terminal.ts';

/** `factsOf`: what else is to be said of one, by its place in the list. */
export function renderIncidentList(
  incidents: readonly Incident[],
  paint: Paint,
  factsOf: (at: number) => readonly string[] = () => [],
): string {
  if (incidents.length === 0) return 'No incident on record.';
  return incidents.map((incident, at) => renderOne(incident, paint, factsOf(at))).join('\n');
}

function renderOne(incident: Incident, paint: Paint, more: readonly string[]): string {
  const open = incident.state === 'open';
  const facts = [
    startOf(incident),
    incident.kind,
    way(incident),
    incident.phases.outage === null
      ? open
        ? 'still out'
        : 'outage unknown'
      : `out ${durationText(incident.phases.outage)}`,
    lossText(incident),
    `${incident.affectedSites.length} ${incident.affectedSites.length === 1 ? 'site' : 'sites'}`,
    verdictText(incident.verdicts),
    ...more,
  ].filter((fact) => fact !== '');
  const head = `${incident.id}  ${incident.state}`;
  return `${open ? paint.bad(head) : paint.strong(head)}\n${wrapText(facts.join(', '), '  ', '  ')}`;
}

const startOf = (incident: Incident): string => {
  const { t0, t1, t2 } = incident.instants;
  return (t0 ?? t1 ?? t2)?.wall.slice(0, 19).replace('T', ' ') ?? 'start unknown';
};

function way({ oldLeader, newLeader }: Incident): string {
  const from = oldLeader?.member ?? '?';
  return newLeader?.member === oldLeader?.member ? from : `${from}->${newLeader?.member ?? '?'}`;
}

function lossText({ loss, state }: Incident): string {
  if (loss.provedNone) return 'no loss';
  if (loss.bytesMax !== null) return `lost at most ${formatBytes(loss.bytesMax)}`;
  return state === 'open' ? '' : 'loss unknown';
}

function verdictText(verdicts: readonly Verdict[]): string {
  const breached = verdicts.filter((verdict) => verdict.outcome.kind === 'breached').length;
  if (breached > 0) return `${breached} breached`;
  return verdicts.length > 0 && verdicts.every((verdict) => verdict.outcome.kind === 'met') ? 'met' : '';
}
