/** What the members found on their own hosts about an incident, from the daemon or else from etcd. */
import { z } from 'zod';
import { ok, type Result } from '../../core/result.ts';
import type { EvidenceBundle } from '../../core/sla/evidence/bundle.ts';
import type { Snapshot } from '../../ports/coordinator.ts';
import { evidenceSchema } from '../../wire/evidence.ts';
import { readJson } from '../../wire/json-text.ts';
import { ask } from '../ask.ts';
import type { Failure } from '../failure.ts';
import { orFromEtcd, type Sourced } from '../fallback.ts';
import type { VerbContext } from '../verb.ts';

const answerSchema = z.object({ evidence: z.array(evidenceSchema) }).transform(({ evidence }) => evidence);

/** `id` of an incident that is there. Oldest look first. */
export const readEvidence = async (
  context: VerbContext,
  id: string,
): Promise<Result<Sourced<readonly EvidenceBundle[]>, Failure>> =>
  orFromEtcd<readonly EvidenceBundle[]>(
    context,
    await ask(context, `/v1/incidents/${encodeURIComponent(id)}/evidence`, answerSchema),
    (snapshot) => ok(evidenceOf(snapshot, id)),
  );

/** Those among the keys of etcd, which has them for forty days. */
export const evidenceOf = ({ entries }: Snapshot, id: string): readonly EvidenceBundle[] =>
  [...entries]
    .flatMap(([key, { value }]) => {
      const read = key.startsWith(`evidence/${id}/`) ? readJson(evidenceSchema, value) : null;
      return read?.ok ? [read.value] : [];
    })
    .toSorted((one, other) => (one.at < other.at ? -1 : 1));
