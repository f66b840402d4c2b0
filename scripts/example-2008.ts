/** `npm run example:2008`: the incident of 24 April 2008, its verdicts and its month, from the rows alone. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { contractProblems, contractSchema, siteSchema } from '../src/config/contract-schema.ts';
import { account } from '../src/core/sla/accounting/account.ts';
import type { Facts } from '../src/core/sla/accounting/account-parts.ts';
import { accountText } from '../src/core/sla/accounting/account-text.ts';
import { measured, type OutageRow } from '../src/core/sla/accounting/outage-row.ts';
import { siteAccount } from '../src/core/sla/accounting/site-account.ts';
import { monthSpan } from '../src/core/sla/accounting/zone.ts';
import { type Incident, INSTANT_NAMES, type Instant, type InstantName } from '../src/core/sla/incident.ts';
import { statementText } from '../src/core/sla/statement.ts';
import { durationText, incidentText } from '../src/core/sla/timeline-text.ts';
import { judged } from '../src/core/sla/verdict.ts';

const exampleSchema = z.strictObject({
  service: z.string(),
  cluster: z.string(),
  month: z.string(),
  sites: z.array(siteSchema),
  contracts: z.array(contractSchema),
  rows: z.array(z.strictObject({ from: z.iso.datetime({ offset: true }), state: z.enum(['up', 'down', 'end']) })),
});

const file = new URL('../config/examples/hospital-2008.yaml', import.meta.url);
const {
  service,
  cluster,
  month,
  sites,
  contracts,
  rows: written,
} = exampleSchema.parse(parse(readFileSync(file, 'utf8')));
const problems = contractProblems(sites, contracts, []);
if (problems.length > 0) throw new Error(problems.map(({ path, problem }) => `${path}: ${problem}`).join('\n'));

const rows = written.flatMap(({ from, state }, at): readonly OutageRow[] => {
  const next = written[at + 1];
  return next === undefined || state === 'end'
    ? []
    : [{ from: Date.parse(from), to: Date.parse(next.from), state, by: 'person', sites: null }];
});
const down = rows.find(({ state }) => state === 'down');
const timeZone = contracts[0]?.timeZone;
const asOf = rows.at(-1)?.to;
if (down === undefined || timeZone === undefined || asOf === undefined) throw new Error('the rows tell of no outage');

const lines = [
  statementText({ from: down.from, until: down.to, service, sites }, timeZone),
  '',
  incidentText(judged(incidentOf(down), contracts, sites)),
  '',
  `The month ${month}`,
  ...contracts.flatMap((contract) => {
    const facts: Facts = { measured: measured(rows, contract.sites), maintenance: [], asOf };
    const whole = account(contract, monthSpan(contract.timeZone, month), facts);
    return whole === null ? [] : accountText(whole);
  }),
  '',
  'The sites',
  ...sites.map((site) => {
    const { downMs, outages } = siteAccount(site, measured(rows, [site.id]), monthSpan(timeZone, month), asOf);
    return `  ${site.name.padEnd(24)}without it for ${durationText(downMs)}, ${outages} time`;
  }),
];
process.stdout.write(`${lines.join('\n')}\n`);

/** What is on record of that morning: when it began and when it was over. Nothing else was measured. */
function incidentOf({ from, to }: OutageRow): Incident {
  const instant = (at: number): Instant => ({
    wall: new Date(at).toISOString(),
    monoMs: at - from,
    measured: false,
    uncertaintyMs: null,
    by: 'what the press wrote',
  });
  const unknown = Object.fromEntries(INSTANT_NAMES.map((name) => [name, null])) as Record<InstantName, null>;
  return {
    v: 1,
    id: `${cluster}-20080424-081500000-the-press`,
    cluster,
    kind: 'failover',
    trigger: 'primary-node-failed',
    rule: null,
    because: 'the primary node of the hospital records system failed',
    state: 'closed',
    closedBecause: null,
    oldLeader: null,
    newLeader: null,
    oldTimeline: null,
    newTimeline: null,
    forkLsn: null,
    termBefore: null,
    termAfter: null,
    instants: { ...unknown, t0: instant(from), t7: instant(to) },
    phases: { detection: null, decision: null, promotion: null, routing: null, outage: to - from, exposure: null },
    loss: { bytesMax: null, timeMsMax: null, provedNone: false, basis: 'nobody could say' },
    mode: null,
    affectedSites: [],
    verdicts: [],
    evidence: [],
    measuredBy: 'person',
    recordedBy: 'the press',
    amendments: [],
  };
}
