/** `baton incident list` and `baton incident show ID`. */
import { z } from 'zod';
import { err, ok, type Result } from '../core/result.ts';
import type { Incident } from '../core/sla/incident.ts';
import { incidentText } from '../core/sla/timeline-text.ts';
import { ask } from './ask.ts';
import { type Failure, failed } from './failure.ts';
import { orFromEtcd, type Sourced, sourceNote } from './fallback.ts';
import { incidentSchema } from '../wire/incident.ts';
import { incidentsOf } from './incidents-of.ts';
import { renderIncidentList } from './render-incidents.ts';
import type { Answer, VerbContext, VerbResult } from './verb.ts';

const listSchema = z.object({ incidents: z.array(incidentSchema) }).transform((body) => body.incidents);

/** Newest last. From etcd only what was written there: the hosts' own ledgers may hold more. */
export async function incidentList(context: VerbContext): VerbResult {
  const incidents = await readIncidents(context);
  if (!incidents.ok) return incidents;
  const { source, value } = incidents.value;
  return ok({
    json: { source: source.kind, incidents: value },
    text: sourceNote(source, context.terminal.paint) + renderIncidentList(value, context.terminal.paint),
  });
}

/** `wanted` is an id, the beginning of one that no other has, or `last`. */
export async function incidentShow(context: VerbContext, wanted: string): VerbResult {
  const incidents = await readIncidents(context);
  if (!incidents.ok) return incidents;
  const { source, value } = incidents.value;
  const found = pick(value, wanted);
  if (!found.ok) return found;
  const answer: Answer = {
    json: found.value,
    text: sourceNote(source, context.terminal.paint) + incidentText(found.value),
  };
  return ok(answer);
}

async function readIncidents(context: VerbContext): Promise<Result<Sourced<readonly Incident[]>, Failure>> {
  return orFromEtcd<readonly Incident[]>(context, await ask(context, '/v1/incidents', listSchema), (snapshot) =>
    ok(incidentsOf(snapshot)),
  );
}

function pick(incidents: readonly Incident[], wanted: string): Result<Incident, Failure> {
  const exact = incidents.find((incident) => incident.id === wanted);
  const matches =
    wanted === 'last' ? incidents.slice(-1) : incidents.filter((incident) => incident.id.startsWith(wanted));
  const found = exact ?? (matches.length === 1 ? matches[0] : undefined);
  if (found !== undefined) return ok(found);
  if (matches.length > 1)
    return err(
      failed(
        'ambiguous',
        `${matches.length} incidents begin with "${wanted}".`,
        `Give more of the id, like ${matches[0]?.id}.`,
      ),
    );
  return err(failed('no-such-incident', `There is no incident "${wanted}".`, 'Take an id from `baton incident list`.'));
}
