import { expect, test } from 'vitest';
import { drillEntries, incidentOfDrill, lastProof } from '../../../../src/core/sla/drill/drill-entry.ts';
import {
  type DrillBudget,
  type DrillCondition,
  type DrillFacts,
  drillCostMs,
  drillRefusal,
  type PlannedDrill,
} from '../../../../src/core/sla/drill/drill-gate.ts';
import type { Incident } from '../../../../src/core/sla/incident.ts';
import type { Run } from '../../../../src/core/sla/schedule/run.ts';
import { minute, second } from '../../../../src/core/units.ts';
import { accepting, declared, EPOCH, fold, plain, seen, won, writeOk } from '../facts.ts';

const now = EPOCH;
const planned: PlannedDrill = {
  from: now,
  to: now + 30 * minute,
  announceMs: 7 * 24 * 60 * minute,
  announcedAt: now - 8 * 24 * 60 * minute,
  calledOffBy: null,
};
const budget: DrillBudget = { contract: 'north', rtoMs: 30 * minute, leftMs: 40 * minute, excluded: false };
const facts: DrillFacts = {
  now,
  leader: 'slough-a',
  redundant: true,
  openIncident: null,
  held: [],
  pendingBy: null,
  planned,
  costMs: 2 * second,
  budgets: [budget],
};

const cases: readonly (readonly [
  says: string,
  changes: Partial<DrillFacts>,
  condition: DrillCondition | null,
  problem?: string,
])[] = [
  ['may run in its window', {}, null],
  ['may run when a person asks, whatever was announced', { planned: null }, null],
  ['may run where no availability is promised', { budgets: [{ ...budget, leftMs: null }] }, null],
  [
    'costs nothing in a window that the contract excludes',
    { budgets: [{ ...budget, leftMs: -1, rtoMs: 0, excluded: true }] },
    null,
  ],
  ['may use up a budget exactly', { budgets: [{ ...budget, leftMs: 2 * second }] }, null],
  [
    'may not run while nobody leads',
    { leader: null },
    'leader-present',
    'nobody leads, so there is nothing to hand over',
  ],
  [
    'may not run while the cluster is not redundant',
    { redundant: false },
    'redundant',
    'the cluster is not redundant: no standby could take over without loss',
  ],
  [
    'may not run while an incident goes on',
    { openIncident: 'i-1' },
    'no-incident',
    'the incident i-1 goes on: a drill would add to it',
  ],
  [
    'may not run while automation is held',
    { held: ['3 failovers within 60 minutes'] },
    'automation-not-held',
    'automation is held: 3 failovers within 60 minutes',
  ],
  [
    'may not run while somebody else moves the primary',
    { pendingBy: 'ada' },
    'no-request-pending',
    'ada has asked for a change of leader, which is not done yet',
  ],
  [
    'may not run unannounced',
    { planned: { ...planned, announcedAt: null } },
    'announced',
    'it was not announced, and drill.announce asks for 168 h',
  ],
  [
    'may not run when it was announced too late',
    { planned: { ...planned, announcedAt: now - 60 * minute } },
    'announced',
    'it was announced 1 h ahead, and drill.announce asks for 168 h',
  ],
  [
    'may not run when its window was called off',
    { planned: { ...planned, calledOffBy: 'bob' } },
    'not-called-off',
    'bob called its window off',
  ],
  [
    'may not run when it could outlast its window',
    { now: planned.to - second },
    'inside-window',
    'it would not be over by the end of its window, 2008-04-24T08:45:00.000Z',
  ],
  [
    'may not run on a budget that is short',
    { budgets: [budget, { ...budget, contract: 'south', leftMs: 1 * second }] },
    'budget',
    'the downtime budget of south is short (1 s left), and a drill may cost 2 s',
  ],
  [
    'may not run on a budget that is used up',
    { budgets: [{ ...budget, leftMs: -minute }] },
    'budget',
    'the downtime budget of north is short (over by 1 min), and a drill may cost 2 s',
  ],
  [
    'may not run where it would breach the rto',
    { budgets: [{ ...budget, rtoMs: second }] },
    'budget',
    'north allows an outage of 1 s, and a drill may cost 2 s',
  ],
];
test.for(cases)('a drill %s', ([, changes, condition, problem]) => {
  const refusal = drillRefusal({ ...facts, ...changes });
  expect(refusal?.condition ?? null).toBe(condition);
  if (problem !== undefined) expect(refusal?.problem).toBe(problem);
});

test('every condition has a row', () => {
  const conditions: readonly DrillCondition[] = [
    'leader-present',
    'redundant',
    'no-incident',
    'automation-not-held',
    'no-request-pending',
    'announced',
    'not-called-off',
    'inside-window',
    'budget',
  ];
  expect(conditions.filter((condition) => !cases.some((each) => each[2] === condition))).toEqual([]);
});

const aDrill: Incident = fold([
  seen(),
  plain('redundant', -500),
  writeOk(0),
  { ...declared(10, 'drill', 'switchover-hand-over'), trigger: 'drill' } as ReturnType<typeof declared>,
  won(720),
  accepting(760),
  writeOk(800, 'reading-b'),
  plain('redundant', 900),
]).incident;

test('a drill is an incident of its own kind, closed when the cluster is redundant again, and loses nothing', () => {
  expect(aDrill).toMatchObject({ kind: 'drill', state: 'closed', loss: { provedNone: true }, phases: { outage: 800 } });
});

test('a drill may cost what the longest of the last hand-overs took, and at least a second', () => {
  const took = (outage: number, kind: Incident['kind'] = 'switchover'): Incident => ({
    ...aDrill,
    kind,
    phases: { ...aDrill.phases, outage },
  });
  expect(drillCostMs([])).toBe(5 * second);
  expect(drillCostMs([took(200)])).toBe(1 * second);
  expect(drillCostMs([took(9_000, 'failover'), took(1_200, 'drill'), took(300)])).toBe(1_200);
  expect(drillCostMs([took(9_000), ...[1, 2, 3, 4, 5].map(() => took(1_100))])).toBe(1_100);
});

test('drills are listed with what they came to, and the newest that was carried out is the proof', () => {
  const claim: Run['claim'] = {
    job: 'drill',
    due: now,
    at: now,
    by: 'slough-a',
    from: now,
    count: 1,
    what: 'begun',
    askedBy: null,
    says: '',
  };
  const end: Run['end'] = {
    job: 'drill',
    due: now,
    at: now + 5_000,
    by: 'slough-a',
    outcome: 'done',
    says: 'reading-b leads',
    incident: aDrill.id,
  };
  const skipped: Run = { claim: { ...claim, due: now + 1, what: 'skipped', says: 'not redundant' }, end: null };
  const underWay: Run = { claim: { ...claim, due: now + 2, askedBy: 'ada' }, end: null };
  const entries = drillEntries([{ claim, end }, skipped, underWay], [aDrill]);
  expect(entries).toMatchObject([
    { outcome: 'done', outageMs: 800, incident: aDrill.id, verdicts: { met: 0, breached: 0 } },
    { outcome: 'skipped', says: 'not redundant', outageMs: null, verdicts: null },
    { outcome: 'under-way', askedBy: 'ada' },
  ]);
  expect(lastProof(entries)).toBe('The last drill proved on Thursday, 24 April 2008 that the primary moves in 800 ms.');
  expect(lastProof(entries.slice(1))).toBeNull();
});

test('the incident of a drill is the first one of its kind since it was begun', () => {
  expect(incidentOfDrill([aDrill], EPOCH)?.id).toBe(aDrill.id);
  expect(incidentOfDrill([aDrill], EPOCH + minute)).toBeNull();
  expect(incidentOfDrill([{ ...aDrill, kind: 'switchover' }], EPOCH)).toBeNull();
});
