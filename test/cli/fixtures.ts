import type { Explanation } from '../../src/core/explain.ts';
import type { Incident, Instant } from '../../src/core/sla/incident.ts';
import type { MemberStatus, Status } from '../../src/core/status.ts';

const instant = (wall: string, monoMs: number): Instant => ({
  wall,
  monoMs,
  measured: true,
  uncertaintyMs: 0,
  by: 'write probe to slough-a',
});

export const closedIncident: Incident = {
  v: 1,
  id: 'domain-1-20080424-091502123-reading-b',
  cluster: 'domain-1',
  kind: 'failover',
  trigger: 'host-silent',
  rule: 'take-over-silent-leader',
  because: 'slough-a is silent: no WAL for 1.0 s, its daemon and its PostgreSQL time out, its lease is not renewed',
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
    t0: instant('2008-04-24T09:15:02.123Z', 0),
    t1: instant('2008-04-24T09:15:03.130Z', 1007),
    t2: instant('2008-04-24T09:15:03.370Z', 1247),
    t3: instant('2008-04-24T09:15:03.376Z', 1253),
    t4: instant('2008-04-24T09:15:03.383Z', 1260),
    t5: instant('2008-04-24T09:15:03.384Z', 1261),
    t6: instant('2008-04-24T09:15:03.411Z', 1288),
    t7: instant('2008-04-24T09:15:03.420Z', 1297),
    t8: instant('2008-04-24T09:15:07.900Z', 5777),
  },
  phases: { detection: 1247, decision: 6, promotion: 35, routing: 9, outage: 1297, exposure: 4480 },
  loss: { bytesMax: 0, timeMsMax: 0, provedNone: true, basis: 'sync named reading-b.' },
  mode: 'available',
  affectedSites: ['St Elsewhere', 'Royal Infirmary', 'County General', 'Wharf Clinic'].map((name) => ({
    id: name.toLowerCase().replaceAll(' ', '-'),
    name,
    downFrom: '2008-04-24T09:15:02.123Z',
    downUntil: '2008-04-24T09:15:03.420Z',
  })),
  verdicts: [
    {
      contract: 'north-trust',
      contractVersion: 1,
      customer: 'North Trust',
      sites: ['st-elsewhere', 'royal-infirmary'],
      outcome: { kind: 'met' },
      measures: [{ of: 'rto', limitMs: 60_000, actualMs: 1297 }],
    },
  ],
  evidence: [{ id: 'E4', says: 'no WAL was received for 1.0 s' }],
  measuredBy: 'standby',
  recordedBy: 'reading-b',
  amendments: [],
};

export const openIncident: Incident = {
  ...closedIncident,
  state: 'open',
  closedBecause: null,
  newLeader: null,
  newTimeline: null,
  forkLsn: null,
  termAfter: null,
  instants: { ...closedIncident.instants, t3: null, t4: null, t5: null, t6: null, t7: null, t8: null },
  phases: { detection: 1247, decision: null, promotion: null, routing: null, outage: null, exposure: null },
  loss: { bytesMax: null, timeMsMax: null, provedNone: false, basis: 'Not known yet.' },
  affectedSites: closedIncident.affectedSites.map((site) => ({ ...site, downUntil: null })),
  verdicts: [],
};

export const breachedIncident: Incident = {
  ...closedIncident,
  id: 'domain-1-20080611-221000004-reading-b',
  kind: 'forced-failover',
  instants: { ...closedIncident.instants, t0: instant('2008-06-11T22:10:00.004Z', 0) },
  phases: { ...closedIncident.phases, outage: 2_640_000 },
  loss: { bytesMax: 1_258_291, timeMsMax: 4_000, provedNone: false, basis: 'The candidate was not named in sync.' },
  verdicts: closedIncident.verdicts.map((verdict) => ({
    ...verdict,
    outcome: { kind: 'breached', breaches: [{ of: 'rto', byMs: 2_580_000 }] },
  })),
};

export const healthyExplanation: Explanation = {
  cluster: 'domain-1',
  at: '2008-04-24T03:02:11.480Z',
  leader: 'slough-a',
  mode: 'available',
  members: [
    {
      name: 'slough-a',
      sees: [
        'primary on timeline 3 at 0/5000148',
        'lease renewed 120 ms ago, 4.4 s left',
        'commits wait for reading-b',
      ],
      rule: 'hold-lease',
      because: 'the lease is young and its primary answers',
      mayLead: true,
      conditions: [{ condition: 'holds the leader key', holds: true, detail: 'term 4711' }],
    },
    {
      name: 'reading-b',
      sees: ['streaming from slough-a, received 0/5000148'],
      rule: null,
      because: null,
      mayLead: true,
      conditions: [
        { condition: 'named in sync', holds: true, detail: 'as copy 1f2e3d4c' },
        { condition: 'same timeline', holds: true, detail: '3' },
      ],
    },
    {
      name: 'leeds-c',
      sees: ['streaming from slough-a, 4.2 MiB behind'],
      rule: null,
      because: null,
      mayLead: false,
      conditions: [
        { condition: 'same timeline', holds: true, detail: '3' },
        {
          condition: 'named in sync',
          holds: false,
          detail:
            'sync names reading-b only. It is added by itself once it has caught up; to be a candidate at all its tag nosync must be off',
        },
      ],
    },
  ],
  next: 'Nothing to do.',
};

export const leaderlessExplanation: Explanation = {
  ...healthyExplanation,
  leader: null,
  members: [
    {
      name: 'reading-b',
      sees: ['standby on timeline 3, received 0/5000148', 'no walreceiver for 12 s', 'the leader key is gone for 9 s'],
      rule: 'wait-not-eligible',
      because: 'sync does not name this member, so slough-a may have acknowledged commits that are not here',
      mayLead: false,
      conditions: [
        { condition: 'leader key is free', holds: true, detail: 'for 9 s' },
        {
          condition: 'named in sync',
          holds: false,
          detail:
            'sync names slough-a alone. Bring slough-a back, or accept the loss: `baton failover --candidate reading-b --allow-data-loss --old-primary-is-fenced`',
        },
      ],
    },
  ],
  next: 'Bring slough-a back: it has every acknowledged commit. Only if its data is gone, force reading-b as shown above.',
};

const slough: MemberStatus = {
  name: 'slough-a',
  location: 'slough',
  role: 'primary',
  state: 'running',
  timeline: 3,
  lsn: '0/5000148',
  lagBytes: null,
  synchronous: false,
  host: '127.0.0.11',
  port: 5432,
  apiUrl: 'http://127.0.0.11:8008',
  version: '0.1.0',
  postgres: 15,
  operation: null,
};
const reading: MemberStatus = {
  ...slough,
  name: 'reading-b',
  location: 'reading',
  role: 'replica',
  state: 'streaming',
  lagBytes: 0,
  synchronous: true,
  host: '127.0.0.12',
};
const leeds: MemberStatus = {
  ...reading,
  name: 'leeds-c',
  location: 'leeds',
  lsn: '0/4BC0000',
  lagBytes: 4_456_776,
  synchronous: false,
  host: '127.0.0.13',
};
const gone: MemberStatus = {
  ...reading,
  location: '',
  role: 'unknown',
  state: 'gone',
  timeline: null,
  lsn: null,
  lagBytes: null,
  synchronous: false,
  host: null,
  port: null,
  apiUrl: null,
  version: null,
};

export const healthyStatus: Status = {
  cluster: 'domain-1',
  leader: 'slough-a',
  term: 4711,
  timeline: 3,
  redundant: true,
  paused: false,
  held: [],
  warnings: [],
  synchronous: { mode: 'available', standbys: ['reading-b'] },
  members: [leeds, reading, slough],
  incident: null,
  sla: [],
};

/** The only standby is dead; the leader has removed it from `sync` and goes on. */
export const degradedStatus: Status = {
  ...healthyStatus,
  redundant: false,
  synchronous: { mode: 'available', standbys: [] },
  members: [gone, slough],
};

/** reading-b holds the key and is being promoted; slough-a is silent. */
export const failingOverStatus: Status = {
  ...healthyStatus,
  leader: 'reading-b',
  term: 4902,
  redundant: false,
  synchronous: { mode: 'available', standbys: [] },
  members: [
    { ...reading, state: 'running', synchronous: false, lagBytes: null, operation: 'promote' },
    { ...slough, role: 'replica', state: 'rewinding', lagBytes: null, operation: 'rejoin: pg_rewind 40 %' },
  ],
  incident: {
    id: closedIncident.id,
    kind: 'failover',
    since: '2008-04-24T09:15:02.123Z',
    sitesDown: ['St Elsewhere', 'Royal Infirmary', 'County General', 'Wharf Clinic'],
    breaches: [
      {
        contract: 'south-trust',
        customer: 'South Trust',
        limitMs: 1_000,
        usedMs: 3_250,
        breachesAt: '2008-04-24T09:15:03.123Z',
        inMs: -2_250,
      },
      {
        contract: 'north-trust',
        customer: 'North Trust',
        limitMs: 60_000,
        usedMs: 3_250,
        breachesAt: '2008-04-24T09:16:02.123Z',
        inMs: 56_750,
      },
    ],
  },
};

/** In mode strict nobody is synchronous and nobody leads. */
export const leaderlessStatus: Status = {
  ...healthyStatus,
  leader: null,
  term: null,
  timeline: null,
  redundant: false,
  held: ['both members were started cold: waiting for the one that led last'],
  synchronous: { mode: 'strict', standbys: [] },
  members: [
    { ...reading, state: 'stopped', synchronous: false, lagBytes: null },
    { ...gone, name: 'slough-a' },
  ],
};
