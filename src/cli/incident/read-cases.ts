/** The incidents with what people added to them, from the daemon or else from etcd. */
import { z } from 'zod';
import { err, ok, type Result } from '../../core/result.ts';
import type { Case } from '../../core/sla/case/case.ts';
import type { CaseFile } from '../../core/sla/case/case-entry.ts';
import { casesOf } from '../../core/sla/case/case-of.ts';
import type { Incident } from '../../core/sla/incident.ts';
import { caseFilesOfKeys, caseFilesSchema } from '../../wire/case-entry.ts';
import { incidentSchema } from '../../wire/incident.ts';
import { ask } from '../ask.ts';
import { type Failure, failed } from '../failure.ts';
import { orFromEtcd, type Sourced } from '../fallback.ts';
import { incidentsOf } from '../incidents-of.ts';
import type { VerbContext } from '../verb.ts';

export interface Cases {
  /** As the recorders wrote them, newest last. */
  readonly recorded: readonly Incident[];
  readonly files: readonly CaseFile[];
  /** Of each incident, in the same order. */
  readonly cases: readonly Case[];
}

/** A daemon of an older version says nothing of cases. */
const listSchema = z
  .object({ incidents: z.array(incidentSchema), cases: caseFilesSchema.default([]) })
  .transform(({ incidents, cases }) => casesFrom(incidents, cases));

/** From etcd only what was written there: the hosts' own ledgers may hold more. */
export const readCases = async (context: VerbContext): Promise<Result<Sourced<Cases>, Failure>> =>
  orFromEtcd<Cases>(context, await askCases(context), (snapshot) =>
    ok(casesFrom(incidentsOf(snapshot), caseFilesOfKeys(snapshot.entries))),
  );

/** From a daemon or not at all: what is to be changed is decided on what the daemon knows. */
export const askCases = (context: VerbContext): Promise<Result<Cases, Failure>> =>
  ask(context, '/v1/incidents', listSchema);

export const casesFrom = (recorded: readonly Incident[], files: readonly CaseFile[]): Cases => ({
  recorded,
  files,
  cases: casesOf(recorded, files),
});

/** `wanted` is an id, the beginning of one that no other has, or `last`. */
export function pick(cases: readonly Case[], wanted: string): Result<Case, Failure> {
  const exact = cases.find(({ incident }) => incident.id === wanted);
  const matches = wanted === 'last' ? cases.slice(-1) : cases.filter(({ incident }) => incident.id.startsWith(wanted));
  const found = exact ?? (matches.length === 1 ? matches[0] : undefined);
  if (found !== undefined) return ok(found);
  if (matches.length > 1)
    return err(
      failed(
        'ambiguous',
        `${matches.length} incidents begin with "${wanted}".`,
        `Give more of the id, like ${matches[0]?.incident.id}.`,
      ),
    );
  return err(failed('no-such-incident', `There is no incident "${wanted}".`, 'Take an id from `baton incident list`.'));
}
