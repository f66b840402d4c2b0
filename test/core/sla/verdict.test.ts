import { describe, expect, test } from 'vitest';
import type { Contract } from '../../../src/core/sla/contract.ts';
import type { Incident } from '../../../src/core/sla/incident.ts';
import { serviceMs } from '../../../src/core/sla/accounting/service-time.ts';
import { affectedSites, judged, verdicts } from '../../../src/core/sla/verdict.ts';
import { minute } from '../../../src/core/units.ts';
import { aContract, accepting, at, declared, failover, fold, seen, sites, won, writeOk } from './facts.ts';

const dead = fold(failover).incident;
const outcome = (contract: Partial<Contract>, incident: Incident = dead) =>
  verdicts(incident, [aContract(contract)], sites)[0]?.outcome;
const hour = 60 * minute;
const officeHours = {
  kind: 'weekly',
  days: {
    mon: [{ fromMinute: 480, toMinute: 1080 }],
    tue: [],
    wed: [],
    thu: [{ fromMinute: 480, toMinute: 1080 }],
    fri: [],
    sat: [],
    sun: [],
  },
} as const;

describe('a contract is', () => {
  const lossy = { ...dead, loss: { bytesMax: 8192, timeMsMax: 120, provedNone: false, basis: '' } };
  const unknown = { ...dead, loss: { bytesMax: null, timeMsMax: null, provedNone: false, basis: '' } };
  const unseen = fold([seen(), declared(170), won(174), accepting(221), writeOk(239, 'reading-b')]).incident;
  const planned = fold([
    seen(),
    writeOk(0),
    declared(10, 'switchover'),
    writeOk(600),
    won(720),
    accepting(760),
    writeOk(770, 'reading-b'),
  ]).incident;
  test.each<[says: string, contract: Partial<Contract>, incident: Incident, expected: unknown]>([
    ['met by an outage within rto, rpo and detection', {}, dead, { kind: 'met' }],
    ['met by an outage of exactly the rto', { rtoMs: 239 }, dead, { kind: 'met' }],
    [
      'breached by one millisecond over the rto',
      { rtoMs: 238 },
      dead,
      { kind: 'breached', breaches: [{ of: 'rto', byMs: 1 }] },
    ],
    [
      'breached by a slow detection',
      { detectionMs: 100 },
      dead,
      { kind: 'breached', breaches: [{ of: 'detection', byMs: 70 }] },
    ],
    ['met without an agreed detection time', { detectionMs: null }, dead, { kind: 'met' }],
    [
      'breached by lost bytes and by how far back they reach',
      {},
      lossy,
      {
        kind: 'breached',
        breaches: [
          { of: 'rpo', byBytes: 8192 },
          { of: 'rpo', byMs: 120 },
        ],
      },
    ],
    ['met by a loss that was allowed', { rpoBytes: 8192, rpoMs: 120 }, lossy, { kind: 'met' }],
    ['met by whatever was lost when nothing was agreed', { rpoBytes: null, rpoMs: null }, lossy, { kind: 'met' }],
    ['unmeasured when nobody knows the loss', {}, unknown, { kind: 'unmeasured', missing: ['rpo-bytes', 'rpo-time'] }],
    [
      'breached by what is known, whatever else is not',
      { rtoMs: 1 },
      unknown,
      { kind: 'breached', breaches: [{ of: 'rto', byMs: 238 }] },
    ],
    [
      'unmeasured when nobody saw the last good write',
      {},
      unseen,
      { kind: 'unmeasured', missing: ['rto', 'detection'] },
    ],
    [
      'breached by a planned switchover as by a failover',
      { rtoMs: 100 },
      planned,
      { kind: 'breached', breaches: [{ of: 'rto', byMs: 70 }] },
    ],
  ])('%s', (_says, contract, incident, expected) => {
    expect(outcome(contract, incident)).toEqual(expected);
  });

  test('judged by the version that was in force at t0', () => {
    const old = aContract({ version: 1, rtoMs: 1, validTo: '2008-04-24T08:15:00.000Z' });
    const now = aContract({ version: 2, validFrom: '2008-04-24T08:15:00.000Z' });
    expect(verdicts(dead, [old, now], sites).map(({ contractVersion }) => contractVersion)).toEqual([2]);
  });

  test('not concerned when none of its sites is served by the cluster', () => {
    expect(verdicts(dead, [aContract({ sites: ['elsewhere'] })], sites)).toEqual([]);
  });

  test('excluded when the whole outage was outside its service hours', () => {
    const friday = { ...officeHours, days: { ...officeHours.days, thu: [] } };
    expect(outcome({ serviceHours: friday })).toEqual({
      kind: 'excluded',
      why: 'the whole outage was outside service hours',
    });
  });

  test('breached by lost commits at any hour', () => {
    const closed = { ...officeHours, days: { ...officeHours.days, thu: [] } };
    expect(outcome({ serviceHours: closed }, lossy)).toMatchObject({ kind: 'breached' });
  });

  test('judged by the part of the outage that fell into service hours', () => {
    const opening = { ...officeHours.days, thu: [{ fromMinute: 9 * 60 + 15, toMinute: 1080 }] };
    const early = {
      ...dead,
      instants: { ...dead.instants, t0: { ...dead.instants.t0!, wall: '2008-04-24T08:14:59.900Z' } },
    };
    const [verdict] = verdicts(early, [aContract({ serviceHours: { kind: 'weekly', days: opening } })], sites);
    expect(verdict?.measures[0]).toEqual({ of: 'rto', limitMs: 30 * minute, actualMs: 139 });
  });
});

describe('service hours', () => {
  const london = { timeZone: 'Europe/London', serviceHours: officeHours, holidays: [] } as const;
  const everyNight = { fromMinute: 0, toMinute: 240 };
  const nights = {
    timeZone: 'Europe/London',
    holidays: [],
    serviceHours: {
      kind: 'weekly',
      days: {
        mon: [everyNight],
        tue: [everyNight],
        wed: [everyNight],
        thu: [everyNight],
        fri: [everyNight],
        sat: [everyNight],
        sun: [everyNight],
      },
    },
  } as const;
  test.each([
    ['count all of an interval inside them', london, '2008-04-24T09:00:00Z', hour, hour],
    ['count nothing of a day without hours', london, '2008-04-25T09:00:00Z', hour, 0],
    ['begin at eight in London, which is seven UTC in summer', london, '2008-04-24T06:30:00Z', hour, hour / 2],
    ['begin at eight in London, which is eight UTC in winter', london, '2008-01-24T07:30:00Z', hour, hour / 2],
    ['end at their end', london, '2008-04-24T16:59:59Z', hour, 1000],
    ['count several days', london, '2008-04-21T00:00:00Z', 7 * 24 * hour, 20 * hour],
    [
      'do not count a holiday',
      { ...london, holidays: [{ date: '2008-04-24', hours: [] }] },
      '2008-04-24T09:00:00Z',
      hour,
      0,
    ],
    [
      'count the hours of a holiday that has its own',
      { ...london, holidays: [{ date: '2008-04-24', hours: [{ fromMinute: 600, toMinute: 660 }] }] },
      '2008-04-24T08:00:00Z',
      4 * hour,
      hour,
    ],
    [
      'are three hours of real time in the night the clocks go forward',
      nights,
      '2008-03-29T23:00:00Z',
      12 * hour,
      3 * hour,
    ],
    [
      'are five hours of real time in the night the clocks go back',
      nights,
      '2008-10-25T22:00:00Z',
      12 * hour,
      5 * hour,
    ],
    [
      'are all of it when they are always',
      { ...london, serviceHours: { kind: 'always' } as const },
      '2008-04-25T09:00:00Z',
      5,
      5,
    ],
  ])('%s', (_says, contract, from, durationMs, expected) => {
    expect(serviceMs(contract, Date.parse(from), durationMs)).toBe(expected);
  });
});

describe('affected sites', () => {
  test('are all of the cluster, from the last good write to the first', () => {
    expect(affectedSites(dead, sites)).toHaveLength(4);
    expect(affectedSites(dead, sites)[0]).toEqual({
      id: 'berkshire',
      name: 'Royal Berkshire',
      downFrom: '2008-04-24T08:15:00.000Z',
      downUntil: '2008-04-24T08:15:00.239Z',
    });
  });

  test('are none when no write failed', () => {
    const { incident } = fold([
      seen(),
      writeOk(0),
      declared(10, 'switchover'),
      { kind: 'called-off', ...at(20), because: 'refused' },
    ]);
    expect(affectedSites(incident, sites)).toEqual([]);
  });

  test('and verdicts are part of what is persisted', () => {
    const incident = judged(dead, [aContract()], sites);
    expect(incident).toMatchObject({
      ...dead,
      affectedSites: expect.anything(),
      verdicts: [{ contract: 'royal-berkshire', outcome: { kind: 'met' } }],
    });
  });
});
