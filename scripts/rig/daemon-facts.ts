/** What a daemon of the rig says of itself and of the cluster. */
import { z } from 'zod';
import { incidentSchema } from '../../src/wire/incident.ts';
import type { Incident } from '../../src/core/sla/incident.ts';
import { type Status, statusSchema } from '../../src/wire/status.ts';
import type { Rig } from './rig.ts';

const incidentsSchema = z.object({ incidents: z.array(incidentSchema) });

/** Null when the daemon does not answer. Throws when its answer is no status. */
export async function readStatus(rig: Rig, member: string): Promise<Status | null> {
  const answer = await rig.status(member);
  return answer === null ? null : statusSchema.parse(answer);
}

/** Newest last; none when the daemon does not answer. */
export async function readIncidents(rig: Rig, member: string): Promise<readonly Incident[]> {
  const answer = await rig.member(member).get('/v1/incidents');
  return answer?.code === 200 ? incidentsSchema.parse(answer.body).incidents : [];
}

/** A member that says of itself that it leads, and with it all that it says. `redundant` as it sees that. */
export interface LeaderFacts {
  readonly name: string;
  readonly redundant: boolean;
  readonly status: Status;
}

/** Null when none does. */
export async function readLeader(rig: Rig): Promise<LeaderFacts | null> {
  for (const name of rig.members.keys()) {
    const status = await readStatus(rig, name);
    if (status?.leader === name) return { name, redundant: status.redundant, status };
  }
  return null;
}
