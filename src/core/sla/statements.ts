/** Drafts of the public sentence of one incident: one for each time zone in which somebody reads it. */
import { err, ok, type Result } from '../result.ts';
import { beginning } from './beginning.ts';
import { inForce, type Promises, type Site } from './contract.ts';
import type { IncidentTail } from './evidence/diverged-tail.ts';
import type { Incident } from './incident.ts';
import { plainLossSentence } from './loss-sentence.ts';
import { statementText } from './statement.ts';

export interface Statement {
  /** IANA name: of the contracts that cover these sites, or UTC where none does. */
  readonly timeZone: string;
  readonly sites: readonly Site[];
  readonly text: string;
  /** The sentence after it: whether anything that a user saw saved was lost. */
  readonly loss: string;
}

/** `service` is what its users call it. The error says what is missing and how to add it. */
export function statements(
  incident: Incident,
  { contracts }: Promises,
  service: string,
  tail: IncidentTail | null,
): Result<readonly Statement[], string> {
  const from = beginning(incident);
  if (from === null) return err('nobody saw when it began: baton incident amend --set instants.t0=...');
  const { t6, t7, t8 } = incident.instants;
  const end = t7 ?? (incident.state === 'closed' ? (t6 ?? t8) : null);
  if (end === null && incident.state === 'closed')
    return err('nobody saw when it ended: baton incident amend --set instants.t7=...');
  const until = end === null ? null : Date.parse(end.wall);
  const loss = plainLossSentence(incident.loss, until !== null, tail);
  const zoneOf = ({ id }: { readonly id: string }) =>
    contracts.find((contract) => inForce(contract, from) && contract.sites.includes(id))?.timeZone ?? 'UTC';
  const zones = [...new Set(incident.affectedSites.map(zoneOf))];
  const anywhere = contracts.find((contract) => inForce(contract, from))?.timeZone ?? 'UTC';
  return ok(
    (zones.length === 0 ? [anywhere] : zones).map((timeZone) => {
      const sites = incident.affectedSites
        .filter((site) => zoneOf(site) === timeZone)
        .map(({ id, name }) => ({ id, name }));
      return { timeZone, sites, text: statementText({ from, until, service, sites }, timeZone), loss };
    }),
  );
}
