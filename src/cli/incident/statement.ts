/** `baton incident statement ID`: the public sentence as a draft, for each time zone in which it is read. */
import { z } from 'zod';
import { err, ok } from '../../core/result.ts';
import { type Statement, statements } from '../../core/sla/statements.ts';
import { tailOf } from '../../core/sla/evidence/diverged-tail.ts';
import { ask } from '../ask.ts';
import { failed } from '../failure.ts';
import { orFromEtcd } from '../fallback.ts';
import { promisesOf } from '../promises-of.ts';
import { wrapText } from '../terminal.ts';
import type { VerbContext, VerbResult } from '../verb.ts';
import { evidenceOf } from './read-evidence.ts';
import { pick, readCases } from './read-cases.ts';

const answerSchema = z
  .object({
    statements: z.array(
      z.object({
        timeZone: z.string(),
        sites: z.array(z.object({ id: z.string(), name: z.string() })),
        text: z.string(),
        // A daemon of an older version does not say.
        loss: z.string().default(''),
      }),
    ),
  })
  .transform((body): readonly Statement[] => body.statements);

/** `service`: what its users call it; null: the cluster's name. */
export async function incidentStatement(context: VerbContext, wanted: string, service: string | null): VerbResult {
  const read = await readCases(context);
  if (!read.ok) return read;
  const found = pick(read.value.value.cases, wanted);
  if (!found.ok) return found;
  const { incident } = found.value;
  const named = service ?? incident.cluster;
  const path = `/v1/incidents/${encodeURIComponent(incident.id)}/statement?service=${encodeURIComponent(named)}`;
  const answer = await orFromEtcd(context, await ask(context, path, answerSchema), (snapshot) => {
    const drafts = statements(
      incident,
      promisesOf(snapshot, context.clock.wall()),
      named,
      tailOf(incident, evidenceOf(snapshot, incident.id)),
    );
    return drafts.ok
      ? drafts
      : err(failed('not-known', `${drafts.error}.`, 'The statement needs both ends of the outage.'));
  });
  if (!answer.ok) return answer;
  const drafts = answer.value.value;
  context.terminal.err(
    wrapText(
      `A draft: read it before it goes out.${service === null ? ' --service says what its users call it.' : ''}`,
    ),
  );
  return ok({
    json: { incident: incident.id, statements: drafts },
    text: drafts
      .map(({ timeZone, text, loss }) => `${drafts.length === 1 ? '' : `${timeZone}: `}${text} ${loss}`.trimEnd())
      .join('\n'),
  });
}
