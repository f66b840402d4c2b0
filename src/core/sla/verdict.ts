/** What each contract says about an incident. */
import { type Contract, inForce, type Site } from './contract.ts';
import type { AffectedSite, Breach, Incident, Measure, Verdict, VerdictOutcome } from './incident.ts';
import { beginning } from './beginning.ts';
import { excluded } from './accounting/exclusion.ts';
import { difference, type Interval, lengthMs } from './accounting/intervals.ts';
import { serviceTime } from './accounting/service-time.ts';
import { monthsOf } from './accounting/zone.ts';
import { type Announcement, covering } from './maintenance/announcement.ts';

/**
 * One verdict per contract that was in force when the incident began (t0, else the first instant that is known) and
 * covers one of `sites`, the sites of the cluster. It is final with t7; before that, and for whatever nobody measured,
 * it says `unmeasured`, unless what is known is a breach already.
 *
 * - rto and detection count what fell into service hours; nothing in them is `excluded`. Lost commits are lost at any
 *   hour: rpo always counts.
 * - Every kind of incident counts. A planned switchover is an outage of some milliseconds and is measured against rto
 *   like a failover; only maintenance that was announced in time excludes what is inside its window, up to the contract's
 *   cap, and the overrun counts. What other incidents used up of the month's cap shows in the month's report.
 * - A limit that is reached exactly is met.
 */
export function verdicts(
  incident: Incident,
  contracts: readonly Contract[],
  sites: readonly Site[],
  maintenance: readonly Announcement[] = [],
): readonly Verdict[] {
  const began = beginning(incident);
  if (began === null) return [];
  return contracts
    .filter((contract) => inForce(contract, began))
    .flatMap((contract) => {
      const covered = contract.sites.filter((id) => sites.some((site) => site.id === id));
      return covered.length === 0
        ? []
        : [verdictOf(incident, contract, covered, began, covering(maintenance, contract))];
    });
}

/** Every site of the cluster was without it from t0 to t7; none when no write failed. */
export function affectedSites(incident: Incident, sites: readonly Site[]): readonly AffectedSite[] {
  if (incident.phases.outage === 0 || beginning(incident) === null) return [];
  const downFrom = incident.instants.t0?.wall ?? null;
  const downUntil = incident.instants.t7?.wall ?? null;
  return sites.map(({ id, name }) => ({ id, name, downFrom, downUntil }));
}

/** The incident with sites and verdicts filled in, as it is persisted. */
export const judged = (
  incident: Incident,
  contracts: readonly Contract[],
  sites: readonly Site[],
  maintenance: readonly Announcement[] = [],
): Incident => ({
  ...incident,
  affectedSites: affectedSites(incident, sites),
  verdicts: verdicts(incident, contracts, sites, maintenance),
});

function verdictOf(
  incident: Incident,
  contract: Contract,
  sites: readonly string[],
  began: number,
  maintenance: readonly Announcement[],
): Verdict {
  const measures = measuresOf(incident, contract, began, maintenance);
  return {
    contract: contract.id,
    contractVersion: contract.version,
    customer: contract.customer,
    sites,
    outcome: outcomeOf(incident, measures, () => hasPassed(incident, contract, began, maintenance)),
    measures,
  };
}

/** The outage met announced maintenance. */
function hasPassed(
  { phases }: Incident,
  contract: Contract,
  began: number,
  maintenance: readonly Announcement[],
): boolean {
  const whole = { from: began, to: began + (phases.outage ?? 0) };
  return lengthMs(passedIn(contract, whole, maintenance)) > 0;
}

const passedIn = (contract: Contract, whole: Interval, maintenance: readonly Announcement[]) =>
  excluded(contract, monthsOf(contract.timeZone, whole), serviceTime(contract, whole), maintenance);

function measuresOf(
  { phases, loss }: Incident,
  contract: Contract,
  began: number,
  maintenance: readonly Announcement[],
): readonly Measure[] {
  const counted = (durationMs: number | null) => {
    if (durationMs === null) return null;
    const whole = { from: began, to: began + durationMs };
    return lengthMs(difference(serviceTime(contract, whole), passedIn(contract, whole, maintenance)));
  };
  return [
    { of: 'rto', limitMs: contract.rtoMs, actualMs: counted(phases.outage) },
    ...(contract.rpoBytes === null
      ? []
      : [{ of: 'rpo-bytes', limitBytes: contract.rpoBytes, actualBytes: loss.bytesMax } as const]),
    ...(contract.rpoMs === null
      ? []
      : [{ of: 'rpo-time', limitMs: contract.rpoMs, actualMs: loss.timeMsMax } as const]),
    ...(contract.detectionMs === null
      ? []
      : [{ of: 'detection', limitMs: contract.detectionMs, actualMs: counted(phases.detection) } as const]),
  ];
}

function outcomeOf({ phases }: Incident, measures: readonly Measure[], passed: () => boolean): VerdictOutcome {
  const breaches = measures.flatMap(breachOf);
  if (breaches.length > 0) return { kind: 'breached', breaches };
  const rto = measures.find(({ of }) => of === 'rto');
  const outside = phases.outage !== null && phases.outage > 0 && rto?.of === 'rto' && rto.actualMs === 0;
  const missing = measures.filter((measure) => actualOf(measure) === null).map(({ of }) => of);
  if (missing.length > 0) return { kind: 'unmeasured', missing };
  if (!outside) return { kind: 'met' };
  const why = passed()
    ? 'the whole outage was in maintenance announced in time'
    : 'the whole outage was outside service hours';
  return { kind: 'excluded', why };
}

function breachOf(measure: Measure): readonly Breach[] {
  if (measure.of === 'rpo-bytes') {
    const byBytes = (measure.actualBytes ?? 0) - measure.limitBytes;
    return byBytes > 0 ? [{ of: 'rpo', byBytes }] : [];
  }
  const byMs = (measure.actualMs ?? 0) - measure.limitMs;
  return byMs > 0 ? [{ of: measure.of === 'rpo-time' ? 'rpo' : measure.of, byMs }] : [];
}

const actualOf = (measure: Measure): number | null =>
  measure.of === 'rpo-bytes' ? measure.actualBytes : measure.actualMs;
