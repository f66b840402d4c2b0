/** The incidents among the keys of etcd: those that were written there, the hosts' own ledgers may hold more. */
import type { Incident } from '../core/sla/incident.ts';
import type { Snapshot } from '../ports/coordinator.ts';
import { incidentSchema } from '../wire/incident.ts';

const keyPrefix = 'incidents/';

/** Newest last. A key that cannot be read is left out: the list of the others is what helps now. */
export function incidentsOf(snapshot: Snapshot): readonly Incident[] {
  return [...snapshot.entries]
    .filter(([key]) => key.startsWith(keyPrefix))
    .flatMap(([, entry]) => incidentSchema.safeParse(parseJson(entry.value)).data ?? [])
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
