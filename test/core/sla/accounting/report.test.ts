import { describe, expect, test } from 'vitest';
import { type Asked, type Ledgered, slaReport } from '../../../../src/core/sla/accounting/report.ts';
import type { OutageRow } from '../../../../src/core/sla/accounting/outage-row.ts';
import { reportText } from '../../../../src/core/sla/accounting/report-text.ts';
import { dayMs, minute } from '../../../../src/core/units.ts';
import { sites } from '../facts.ts';
import { anAnnouncement } from '../maintenance/an-announcement.ts';
import { april, contract, outage, rows } from './hospital-2008.ts';

const later = april.to + dayMs;
const month: Asked = { kind: 'month', month: '2008-04' };
const ledgered: Ledgered = {
  cluster: 'domain-1',
  sites,
  contracts: [contract],
  maintenance: [],
  rows: (from, to) => rows.filter((row) => row.from < to && row.to > from),
};

/** One more outage, of Wexham Park alone. */
const alone = { from: outage.from - 2 * dayMs, to: outage.from - 2 * dayMs + 10 * minute };
const unequal: Ledgered = {
  ...ledgered,
  rows: () => [
    { ...rows[0], to: alone.from } as OutageRow,
    { state: 'down', ...alone, by: 'standby', sites: ['wexham'] },
    { state: 'up', ...alone, by: 'standby', sites: ['berkshire', 'heatherwood', 'st-marks'] },
    { ...rows[0], from: alone.to } as OutageRow,
    ...rows.slice(1),
  ],
};

describe('what is left of a promise at each site', () => {
  test('is of what that site went through, while the contract has what any of its sites did', () => {
    const report = slaReport(unequal, later, month);
    expect(report.contracts[0]).toMatchObject({ countedMs: 54 * minute });
    const left = report.sites.map(({ site, promises }) => [site, promises[0]?.countedMs, promises[0]?.target?.leftMs]);
    expect(left).toEqual([
      ['berkshire', 44 * minute, -48_000],
      ['wexham', 54 * minute, -48_000 - 10 * minute],
      ['heatherwood', 44 * minute, -48_000],
      ['st-marks', 44 * minute, -48_000],
    ]);
  });

  test('is more where the maintenance of that site alone was announced', () => {
    const terms = { ...contract, exclusions: { maintenance: { noticeDays: 7, capMsPerMonth: 60 * minute } } };
    const announced = anAnnouncement({ ...outage, announcedAt: outage.from - 9 * dayMs, sites: ['wexham'] });
    const report = slaReport({ ...ledgered, contracts: [terms], maintenance: [announced] }, later, month);
    expect(report.contracts[0]).toMatchObject({ countedMs: 44 * minute, excludedMs: 0 });
    const counted = report.sites.map(({ promises }) => promises[0]?.countedMs);
    expect(counted).toEqual([44, 0, 44, 44].map((minutes) => minutes * minute));
  });

  test('is told of each version of each contract that covers it, and of no other', () => {
    const changed = '2008-04-15T00:00:00+01:00';
    const contracts = [
      { ...contract, sites: ['wexham'], validTo: changed },
      { ...contract, sites: ['wexham'], version: 2, validFrom: changed },
      { ...contract, id: 'elsewhere', sites: ['berkshire'], validTo: '2008-01-01T00:00:00Z' },
    ];
    const { sites: accounts } = slaReport({ ...ledgered, contracts }, later, month);
    const versions = accounts.map(({ promises }) => promises.map((each) => [each.contractVersion, each.countedMs]));
    expect(versions).toEqual([
      [],
      [
        [1, 0],
        [2, 44 * minute],
      ],
      [],
      [],
    ]);
  });
});

describe('what a site uses of the cluster', () => {
  const services = [
    { name: 'patient records', weight: 3 },
    { name: 'pharmacy', weight: 1 },
  ];
  const some = sites.map((site) => (site.id === 'wexham' ? { ...site, services } : site));

  test('weighs its downtime, and who was hit hardest is first', () => {
    const report = slaReport({ ...ledgered, sites: some }, later, month);
    const weighed = report.sites.map(({ site, weighedDownMs }) => [site, weighedDownMs]);
    expect(weighed).toContainEqual(['wexham', 4 * 44 * minute]);
    expect(weighed).toContainEqual(['berkshire', 44 * minute]);
    const text = reportText(report);
    expect(text.indexOf('Wexham Park')).toBeLessThan(text.indexOf('Royal Berkshire'));
    expect(text).toContain('uses patient records (weighs 3) and pharmacy: 2 h 56 min weighed by them');
  });
});

describe('a window', () => {
  test('is accounted as it was asked for, whatever the contract is judged by', () => {
    const rolling = { targetPercent: 99.9, window: { kind: 'rolling', days: 30 } } as const;
    const window = { from: outage.from + 4 * minute, to: outage.from + 14 * minute };
    for (const availability of [contract.availability, rolling]) {
      const report = slaReport({ ...ledgered, contracts: [{ ...contract, availability }] }, later, {
        kind: 'window',
        ...window,
      });
      expect(report).toMatchObject({ month: null, window, provisional: false });
      expect(report.contracts[0]).toMatchObject({ span: window, serviceMs: 10 * minute, countedMs: 10 * minute });
      expect(report.sites[0]).toMatchObject({ downMs: 10 * minute, elapsedMs: 10 * minute });
    }
  });
});

describe('a rolling window', () => {
  const availability = { targetPercent: 99.9, window: { kind: 'rolling', days: 7 } } as const;
  const accountOf = (asOf: number, asked: Asked) =>
    slaReport({ ...ledgered, contracts: [{ ...contract, availability }] }, asOf, asked).contracts[0];

  test.each<[says: string, asOf: number, asked: Asked, to: number, countedMinutes: number]>([
    ['ends now', outage.to + dayMs, { kind: 'this-month' }, outage.to + dayMs, 44],
    [
      'leaves an outage behind',
      outage.from + 7 * dayMs + 4 * minute,
      { kind: 'this-month' },
      outage.from + 7 * dayMs + 4 * minute,
      40,
    ],
    ['ends with the month that was asked for', later + 60 * dayMs, month, april.to, 44],
    ['ends now in a month that goes on', outage.from + 10 * minute, month, outage.from + 10 * minute, 10],
  ])('%s', (_says, asOf, asked, to, countedMinutes) => {
    expect(accountOf(asOf, asked)).toMatchObject({
      span: { from: to - 7 * dayMs, to },
      serviceMs: 7 * dayMs,
      countedMs: countedMinutes * minute,
    });
  });
});

describe('a report is provisional', () => {
  const head = (report: ReturnType<typeof slaReport>) => reportText(report).split('\n')[1];
  const rolling = {
    ...contract,
    availability: { targetPercent: 99.9, window: { kind: 'rolling', days: 30 } },
  } as const;
  const window: Asked = { kind: 'window', ...april };
  test.each<[says: string, contracts: Ledgered['contracts'], asked: Asked, asOf: number, provisional: boolean]>([
    ['while the month goes on', [contract], month, april.to - 1, true],
    ['while the month goes on, also of a rolling window that ends now', [rolling], month, april.to - 1, true],
    ['while the month goes on, also without a contract', [], month, april.to - 1, true],
    ['until the month is over in every zone', [contract], month, april.to, true],
    ['no longer when it is', [contract], month, Date.parse('2008-05-01T00:00:00Z'), false],
    ['of this month, always', [rolling], { kind: 'this-month' }, april.from + dayMs, true],
    ['of a month that has not begun', [contract], { kind: 'month', month: '2031-01' }, later, true],
    ['while a window goes on', [contract], window, april.to - 1, true],
    ['no longer when the window is over', [contract], window, april.to, false],
  ])('%s', (_says, contracts, asked, asOf, provisional) => {
    const report = slaReport({ ...ledgered, contracts }, asOf, asked);
    expect(report.provisional).toBe(provisional);
    expect(head(report)).toMatch(provisional ? /PROVISIONAL$/ : /final$/);
  });

  test('and then nothing in it is up, down or unmeasured that has not been yet', () => {
    const { contracts } = slaReport(ledgered, later, { kind: 'month', month: '2031-01' });
    expect(contracts[0]).toMatchObject({
      elapsedMs: 0,
      unmeasuredMs: 0,
      target: { outcome: 'open', creditPercent: 0 },
    });
  });
});
