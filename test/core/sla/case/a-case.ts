/** The incident of 2008 as a record, and what people might have added to it. */
import type { CaseAct, CaseEntry } from '../../../../src/core/sla/case/case-entry.ts';
import { entryId } from '../../../../src/core/sla/case/case-entry.ts';
import type { Promises } from '../../../../src/core/sla/contract.ts';
import { type Incident, INSTANT_NAMES, type Instant, type InstantName } from '../../../../src/core/sla/incident.ts';
import { judged } from '../../../../src/core/sla/verdict.ts';
import { minute, second } from '../../../../src/core/units.ts';
import { contract, outage } from '../accounting/hospital-2008.ts';
import { aContract, sites } from '../facts.ts';

const strict = aContract({
  id: 'within-half-an-hour',
  customer: 'The four hospitals, strictly',
  sites: sites.map(({ id }) => id),
  rtoMs: 30 * minute,
  detectionMs: null,
});
export const promises: Promises = { sites, contracts: [{ ...contract, detectionMs: null }, strict] };

const seen = (at: number): Instant => ({
  wall: new Date(at).toISOString(),
  monoMs: at - outage.from,
  measured: true,
  uncertaintyMs: 0,
  by: 'write probe to slough-a',
});
const unseen = Object.fromEntries(INSTANT_NAMES.map((name) => [name, null])) as Record<InstantName, null>;

const recorded: Incident = {
  v: 1,
  id: 'domain-1-20080424-081500000-reading-b',
  cluster: 'domain-1',
  kind: 'failover',
  trigger: 'host-silent',
  rule: 'take-over-silent-leader',
  because: 'slough-a is silent',
  state: 'closed',
  closedBecause: 'redundant',
  oldLeader: { member: 'slough-a', location: 'slough' },
  newLeader: { member: 'reading-b', location: 'reading' },
  oldTimeline: 3,
  newTimeline: 4,
  forkLsn: '0/5000148',
  termBefore: 4711,
  termAfter: 4902,
  instants: {
    ...unseen,
    t0: seen(outage.from),
    t1: seen(outage.from + 2 * minute),
    t2: seen(outage.from + 30 * minute),
    t3: seen(outage.from + 31 * minute),
    t6: seen(outage.from + 43 * minute),
    t7: seen(outage.to),
    t8: seen(outage.to + 2 * 60 * minute),
  },
  phases: {
    detection: 30 * minute,
    decision: minute,
    promotion: 12 * minute,
    routing: minute,
    outage: 44 * minute,
    exposure: 120 * minute,
  },
  loss: { bytesMax: 0, timeMsMax: 0, provedNone: true, basis: 'every acknowledged commit had waited for reading-b' },
  mode: 'available',
  affectedSites: [],
  verdicts: [],
  evidence: [{ id: 'E4', says: 'no WAL was received for 1.0 s' }],
  measuredBy: 'standby',
  recordedBy: 'reading-b',
  amendments: [],
};
/** Four sites were without it from 09:15 to 09:59 in London: half an hour was promised to one customer, an hour to another. */
export const incident2008 = judged(recorded, promises.contracts, promises.sites);

/** The n-th entry, so many seconds after service was back. */
export const entry = (seconds: number, what: CaseAct, by = 'ada@slough-a'): CaseEntry => {
  const wall = outage.to + 3 * 60 * minute + seconds * second;
  const random = (seconds % 0xffff_ffff).toString(16).padStart(8, '0');
  return { id: entryId(wall, random), at: new Date(wall).toISOString(), by, what };
};

export const acknowledged: CaseAct = { kind: 'acknowledged', note: 'on my way' };
export const note: CaseAct = { kind: 'note', text: 'switch 3 in rack 7 was dark' };
export const cause: CaseAct = {
  kind: 'cause',
  trigger: 'switch 3 lost power',
  rootCause: 'one power feed for both paths',
  factors: ['no alarm on the feed', 'the rota had a gap'],
};
export const action: CaseAct = { kind: 'action', text: 'a second power feed', owner: 'bob', due: '2008-05-01' };
export const done = (action_: CaseEntry): CaseAct => ({ kind: 'action-done', action: action_.id, note: 'tested' });
export const review: CaseAct = { kind: 'review', text: 'the alarm was missing' };
export const signedOff: CaseAct = { kind: 'signed-off', note: '' };
export const amendment = (
  changes: readonly (readonly [field: string, from: unknown, to: unknown])[],
  reason = "the trust's own log",
): CaseAct => ({
  kind: 'amended',
  reason,
  changes: changes.map(([field, from, to]) => ({ field, from: JSON.stringify(from), to: JSON.stringify(to) })),
  terms: promises,
});

const asked = entry(30, action, 'carol@reading-b');
/** A case that may be signed off. */
export const looked: readonly CaseEntry[] = [
  entry(0, acknowledged),
  entry(10, note),
  entry(20, cause),
  asked,
  entry(40, done(asked), 'bob@reading-b'),
  entry(50, review, 'carol@reading-b'),
];
export const closed: readonly CaseEntry[] = [...looked, entry(60, signedOff, 'dan@slough-a')];
