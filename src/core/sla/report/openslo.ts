/**
 * Contracts as OpenSLO v1 documents: a Service for the cluster, a DataSource for its API, and an SLO for each contract
 * in force that promises an availability. What OpenSLO has no word for is among the fields of the metric's source, which
 * are each source's own: the terms decide what counts. Annotations take no more than short words.
 */
import { type Contract, inForce, type Site } from '../contract.ts';
import { durationText } from '../timeline-text.ts';
import { zonePeriods } from '../accounting/zone.ts';

export type OpenSloDocument = Readonly<Record<string, unknown>>;

export interface OpenSloExport {
  readonly documents: readonly OpenSloDocument[];
  /** What could not be said in OpenSLO, a sentence each. */
  readonly leftOut: readonly string[];
}

const apiVersion = 'openslo/v1';
const descriptionLengthMax = 1_050;

/** `asOf` in ms since the epoch: the versions in force then are exported. */
export function openSlo(
  cluster: string,
  sites: readonly Site[],
  contracts: readonly Contract[],
  asOf: number,
): OpenSloExport {
  const current = contracts.filter((contract) => inForce(contract, asOf));
  const leftOut = current.flatMap((contract) => unsayable(contract) ?? []);
  const exported = current.filter((contract) => unsayable(contract) === null);
  return {
    documents: [
      document('Service', cluster, cluster, { description: `The PostgreSQL cluster ${cluster}, kept by Baton.` }),
      document('DataSource', `${cluster}-baton`, `Baton of ${cluster}`, {
        description: "The daemons' HTTP API: GET /v1/sla answers with accounts in whole milliseconds.",
        type: 'baton',
        connectionDetails: { path: '/v1/sla' },
      }),
      ...exported.map((contract) => slo(cluster, sites, contract)),
    ],
    leftOut,
  };
}

function unsayable({ id, availability }: Contract): string | null {
  if (availability === null) return `${id} promises no availability, so there is no objective`;
  if (availability.targetPercent >= 100) return `${id} promises 100 %, and an OpenSLO target is below that`;
  return null;
}

function slo(cluster: string, sites: readonly Site[], contract: Contract): OpenSloDocument {
  const { id, version, customer, availability } = contract;
  const names = sites.filter((site) => contract.sites.includes(site.id)).map(({ name }) => name);
  return document('SLO', id, `${customer}: availability`, {
    description: `Availability promised to ${customer} for ${names.join(', ')}, version ${version} of the terms.`.slice(
      0,
      descriptionLengthMax,
    ),
    service: cluster,
    indicator: {
      metadata: { name: `${id}-availability` },
      spec: {
        description: 'Milliseconds of service hours in which writes were acknowledged, of all that count.',
        ratioMetric: {
          counter: true,
          good: metric(cluster, id, 'upMs + degradedMs'),
          total: metric(cluster, id, 'elapsedMs - excludedMs', terms(contract)),
        },
      },
    },
    timeWindow: [timeWindow(contract)],
    budgetingMethod: 'Occurrences',
    objectives: [{ displayName: 'availability', targetPercent: availability?.targetPercent }],
  });
}

const metric = (cluster: string, contract: string, field: string, more: Readonly<Record<string, unknown>> = {}) => ({
  metricSource: { metricSourceRef: `${cluster}-baton`, type: 'baton', spec: { contract, field, ...more } },
});

function timeWindow({ availability, timeZone, validFrom }: Contract): unknown {
  if (availability?.window.kind === 'rolling') return { duration: `${availability.window.days}d`, isRolling: true };
  const began = validFrom === null ? Date.UTC(2000, 0, 1) : Date.parse(validFrom);
  const offsetMs = zonePeriods(timeZone, { from: began, to: began + 1 })[0]?.offsetMs ?? 0;
  const month = new Date(began + offsetMs).toISOString().slice(0, 7);
  return { duration: '1M', calendar: { startTime: `${month}-01 00:00:00`, timeZone }, isRolling: false };
}

/** What OpenSLO has no field for. */
function terms(contract: Contract): Readonly<Record<string, unknown>> {
  const { version, rtoMs, rpoBytes, rpoMs, detectionMs, exclusions, creditBands, serviceHours, timeZone } = contract;
  const { maintenance } = exclusions;
  const agreed = {
    ...{ version, sites: contract.sites, timeZone },
    serviceHours: serviceHours.kind === 'always' ? 'always' : serviceHours.days,
    ...(contract.holidays.length === 0 ? {} : { holidays: contract.holidays }),
    rto: durationText(rtoMs),
    ...(rpoBytes === null ? {} : { rpoBytes }),
    ...(rpoMs === null ? {} : { rpoTime: durationText(rpoMs) }),
    ...(detectionMs === null ? {} : { detection: durationText(detectionMs) }),
    ...(maintenance === null
      ? {}
      : { maintenance: { notice: `${maintenance.noticeDays}d`, cap: durationText(maintenance.capMsPerMonth) } }),
    ...(creditBands.length === 0 ? {} : { credits: creditBands }),
    ...(contract.validFrom === null ? {} : { validFrom: contract.validFrom }),
    ...(contract.validTo === null ? {} : { validTo: contract.validTo }),
  };
  return { terms: agreed };
}

const document = (
  kind: string,
  name: string,
  displayName: string,
  spec: Readonly<Record<string, unknown>>,
): OpenSloDocument => ({ apiVersion, kind, metadata: { name, displayName }, spec });
