/** Rounds as the demo and the bench would have played them. */
import type { Incident, Instant, Verdict as ContractVerdict } from '../../src/core/sla/incident.ts';
import { CheckingClient } from '../../scripts/rig/client.ts';
import { faultNamed } from '../../scripts/rig/faults.ts';
import type { Round } from '../../scripts/rig/round.ts';
import type { Verdict } from '../../scripts/rig/verify.ts';

export const aVerdict = (changes: Partial<Verdict> = {}): Verdict => ({
  ...{ acknowledged: 12_345, missing: 0, doubled: 0, foreign: 0, unknown: 4, unknownPresent: 3, examples: [] },
  ...changes,
});

const instant = (monoMs: number): Instant => ({
  ...{ wall: new Date(Date.UTC(2008, 3, 24, 8, 15) + monoMs).toISOString(), monoMs },
  ...{ measured: true, uncertaintyMs: 0, by: 'test' },
});

export const aContractVerdict = (outcome: ContractVerdict['outcome']): ContractVerdict => ({
  ...{ contract: 'c', contractVersion: 1, customer: 'Trust', sites: [], outcome, measures: [] },
});

export const anIncident = (changes: Partial<Incident> = {}): Incident => ({
  v: 1,
  id: 'domain-1-20080424-081500061-b',
  cluster: 'domain-1',
  ...{ kind: 'failover', trigger: 'postmaster-exited', rule: 'hand-over-dead-postgres', because: 'postgres ended' },
  ...{ state: 'closed', closedBecause: 'redundant' },
  oldLeader: { member: 'a', location: 'slough' },
  newLeader: { member: 'b', location: 'reading' },
  ...{ oldTimeline: 1, newTimeline: 2, forkLsn: '0/5000148', termBefore: 5, termAfter: 9 },
  instants: {
    ...{ t0: instant(0), t1: instant(10), t2: instant(12), t3: instant(15), t4: instant(15), t5: instant(20) },
    ...{ t6: instant(90), t7: instant(100), t8: instant(2_100) },
  },
  phases: { detection: 12, decision: 3, promotion: 75, routing: 10, outage: 100, exposure: 2_000 },
  loss: { bytesMax: 0, timeMsMax: 0, provedNone: true, basis: 'mode available' },
  ...{ mode: 'available', affectedSites: [], verdicts: [aContractVerdict({ kind: 'met' })], evidence: [] },
  ...{ measuredBy: 'standby', recordedBy: 'b', amendments: [] },
  ...changes,
});

export const aRound = (changes: Partial<Round> = {}): Round => ({
  fault: faultNamed('pg-kill9'),
  ...{ oldLeader: 'a', newLeader: 'b', outageMs: 143, writesAgainMs: 151, otherGapsMs: [], redundantMs: 2_345 },
  incident: anIncident(),
  verdict: aVerdict(),
  nodes: [
    { name: 'a', rows: 12_348, checksum: '17' },
    { name: 'b', rows: 12_348, checksum: '17' },
  ],
  doubts: [],
  client: new CheckingClient({ endpoints: [] }),
  ...changes,
});
