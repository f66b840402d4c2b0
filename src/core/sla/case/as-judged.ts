import type { Incident, Verdict } from '../incident.ts';

/** The incident as an earlier verdict saw it, for showing that verdict: with the outage that it compared. */
export function asJudged(incident: Incident, { measures }: Verdict): Incident {
  const rto = measures.find(({ of }) => of === 'rto');
  const outage = rto?.of === 'rto' ? rto.actualMs : incident.phases.outage;
  return { ...incident, phases: { ...incident.phases, outage } };
}
