import { describe, expect, test } from 'vitest';
import { account, type Account } from '../../../../src/core/sla/accounting/account.ts';
import type { Facts } from '../../../../src/core/sla/accounting/account-parts.ts';
import { accountText, percentText } from '../../../../src/core/sla/accounting/account-text.ts';
import type { Interval } from '../../../../src/core/sla/accounting/intervals.ts';
import { measured, type OutageRow } from '../../../../src/core/sla/accounting/outage-row.ts';
import { monthSpan, monthsOf } from '../../../../src/core/sla/accounting/zone.ts';
import type { Contract } from '../../../../src/core/sla/contract.ts';
import { minute } from '../../../../src/core/units.ts';
import { april, contract, outage, rows } from './hospital-2008.ts';

const hour = 60 * minute;
const day = 24 * hour;
const later = april.to + day;

function accountOf(changes: Partial<Contract> = {}, facts: Partial<Facts> & { rows?: readonly OutageRow[] } = {}) {
  const { rows: seen = rows, ...rest } = facts;
  const known = { measured: measured(seen, contract.sites), maintenance: [], asOf: later, ...rest };
  return account({ ...contract, ...changes }, april, known)!;
}

describe('April 2008', () => {
  test('had 44 minutes of downtime in 720 hours: 99.9 % were missed by 48 s, and 5 % are to be paid back', () => {
    expect(accountOf()).toMatchObject({
      serviceMs: 720 * hour,
      countedMs: 44 * minute,
      upMs: 720 * hour - 44 * minute,
      unmeasuredMs: 0,
      outages: 1,
      target: { budgetMs: 43.2 * minute, leftMs: -48_000, outcome: 'missed', creditPercent: 5 },
    });
  });

  test('met 99.89 %, with 3 min 31 s of downtime left', () => {
    const { target } = accountOf({ availability: { targetPercent: 99.89, window: { kind: 'calendar-month' } } });
    expect(target).toMatchObject({ outcome: 'met', leftMs: 720 * hour * 0.0011 - 44 * minute });
  });

  test('missed nothing for a customer whose office opens at half past nine and shuts for lunch', () => {
    const office = [
      { fromMinute: 9 * 60 + 30, toMinute: 12 * 60 },
      { fromMinute: 13 * 60, toMinute: 17 * 60 },
    ];
    const days = { mon: office, tue: office, wed: office, thu: office, fri: office, sat: [], sun: [] };
    const { serviceMs, countedMs } = accountOf({ serviceHours: { kind: 'weekly', days } });
    expect({ serviceMs, countedMs }).toEqual({ serviceMs: 22 * 6.5 * hour, countedMs: 29 * minute });
  });

  test.each<[says: string, account: Account]>([
    ['missed', accountOf()],
    ['provisional', accountOf({}, { asOf: outage.to })],
    ['without-a-target', accountOf({ availability: null })],
    ['unmeasured', accountOf({}, { rows: rows.filter(({ state }) => state === 'down') })],
  ])('reads like this when it is %s', async (name, { ...each }) => {
    await expect(`${accountText(each).join('\n')}\n`).toMatchFileSnapshot(`golden/april-2008-${name}.txt`);
  });
});

describe('announced maintenance', () => {
  const allowed = { exclusions: { maintenance: { noticeDays: 7, capMsPerMonth: 4 * hour } } };
  const window = (changes: Partial<Interval> & { announcedDaysAhead?: number; cancelledAt?: number } = {}) => {
    const { announcedDaysAhead = 7, cancelledAt = null, ...span } = changes;
    const whole = { ...outage, ...span };
    return [{ id: 'm1', ...whole, announcedAt: whole.from - announcedDaysAhead * day, cancelledAt }];
  };
  test.each<[says: string, contract: Partial<Contract>, maintenance: Facts['maintenance'], countedMinutes: number]>([
    ['in time is excluded', allowed, window(), 0],
    ['a moment too late counts', allowed, window({ announcedDaysAhead: 6.9999 }), 44],
    ['counts where nothing was agreed', {}, window(), 44],
    ['counts past the end of its window', allowed, window({ to: outage.to - 14 * minute }), 14],
    ['counts before its window', allowed, window({ from: outage.from + 10 * minute }), 10],
    ['counts from when it was called off', allowed, window({ cancelledAt: outage.from + 4 * minute }), 40],
    [
      'counts past the cap of the month',
      { exclusions: { maintenance: { noticeDays: 7, capMsPerMonth: 30 * minute } } },
      window(),
      14,
    ],
  ])('%s', (_says, changes, maintenance, countedMinutes) => {
    const { countedMs, excludedMs } = accountOf(changes, { maintenance });
    expect({ countedMs, excludedMs }).toEqual({
      countedMs: countedMinutes * minute,
      excludedMs: (44 - countedMinutes) * minute,
    });
  });

  test('uses up its cap in the part of the month that a rolling window has left behind', () => {
    const early = { from: april.from, to: april.from + 3 * hour };
    const known = {
      measured: measured(
        [{ state: 'planned', ...early, by: 'standby', sites: null }, ...rows.map(laterThan(early.to))],
        contract.sites,
      ),
      maintenance: [...window(), ...window(early)],
      asOf: later,
    };
    const capped = { ...contract, exclusions: { maintenance: { noticeDays: 7, capMsPerMonth: 3 * hour } } };
    expect(account(capped, { from: april.from + 10 * day, to: april.to }, known)).toMatchObject({
      excludedMs: 0,
      countedMs: 44 * minute,
    });
  });
});

/** A row of before is about what came after. */
const laterThan =
  (from: number) =>
  (row: OutageRow): OutageRow => ({ ...row, from: Math.max(row.from, from) });

describe('what nobody measured', () => {
  test('is neither up nor down: the target is met only by what is certain', () => {
    const unseen = { rows: rows.map((row) => (row.from === april.from ? { ...row, to: row.to - 5 * minute } : row)) };
    const target = (targetPercent: number) =>
      accountOf({ availability: { targetPercent, window: { kind: 'calendar-month' } } }, unseen).target;
    expect(accountOf({}, unseen).unmeasuredMs).toBe(5 * minute);
    expect(target(99.9)?.outcome).toBe('missed');
    expect(target(99.89)?.outcome).toBe('unmeasured');
    expect(target(99.8)?.outcome).toBe('met');
    expect(target(99.89)).toMatchObject({
      atMost: { part: 720 * hour - 44 * minute, of: 720 * hour },
      atLeast: { part: 720 * hour - 49 * minute, of: 720 * hour },
    });
  });

  test('is everything where there is no row', () => {
    expect(accountOf({}, { rows: [] })).toMatchObject({ unmeasuredMs: 720 * hour, target: { outcome: 'unmeasured' } });
  });

  test('is not what has not been yet', () => {
    const soFar = accountOf({}, { asOf: april.from + 2 * day, rows: [] });
    expect(soFar).toMatchObject({ provisional: true, elapsedMs: 2 * day, unmeasuredMs: 2 * day, serviceMs: 30 * day });
    expect(soFar.target?.outcome).toBe('open');
  });
});

describe('several who saw the same', () => {
  const parted = { from: outage.from - 10 * minute, to: outage.from };
  const alone: OutageRow = { state: 'down', ...parted, by: 'standby', sites: null };

  test('count once, and an outage that was planned in part is one outage', () => {
    const twice: readonly OutageRow[] = [
      ...rows,
      { state: 'planned', from: outage.from, to: outage.from + minute, by: 'leader', sites: null },
      { state: 'degraded', from: outage.from - 3 * minute, to: outage.from, by: 'leader', sites: null },
    ];
    expect(accountOf({}, { rows: twice })).toMatchObject({
      countedMs: 44 * minute,
      degradedMs: 3 * minute,
      outages: 1,
      unmeasuredMs: 0,
    });
  });

  test('are not believed in an outage during which another member had its commits acknowledged', () => {
    expect(accountOf({}, { rows: [...rows, alone] }).countedMs).toBe(44 * minute);
  });

  test('are not asked where an observer saw it', () => {
    const observed = { ...alone, by: 'observer' } as const;
    expect(accountOf({}, { rows: [...rows, observed] }).countedMs).toBe(54 * minute);
    const served = { ...outage, state: 'up', by: 'observer', sites: null } as const;
    expect(accountOf({}, { rows: [...rows, served] }).countedMs).toBe(0);
  });

  test('concern a contract when one of its sites was concerned', () => {
    const only = (site: string) => rows.map((row) => (row.state === 'down' ? { ...row, sites: [site] } : row));
    expect(accountOf({}, { rows: only('wexham') }).countedMs).toBe(44 * minute);
    expect(accountOf({}, { rows: only('elsewhere') }).countedMs).toBe(0);
  });
});

describe('a contract', () => {
  test('is accounted for the part of the month in which this version of it was in force', () => {
    const from = '2008-04-24T09:30:00+01:00';
    expect(accountOf({ validFrom: from })).toMatchObject({ span: { from: Date.parse(from) }, countedMs: 29 * minute });
    expect(accountOf({ validTo: from })).toMatchObject({ span: { to: Date.parse(from) }, countedMs: 15 * minute });
    const over = { ...contract, validTo: '2008-03-01T00:00:00Z' };
    expect(account(over, april, { measured: measured(rows, contract.sites), maintenance: [], asOf: later })).toBeNull();
  });

  test('without service hours in the month promises nothing', () => {
    const never = { mon: [], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] };
    expect(accountOf({ serviceHours: { kind: 'weekly', days: never } })).toMatchObject({ serviceMs: 0, target: null });
  });

  test('that promises 100 % has no budget, and one that promises less rounds it down to whole milliseconds', () => {
    const budget = (targetPercent: number) =>
      accountOf({ availability: { targetPercent, window: { kind: 'calendar-month' } } }).target?.budgetMs;
    expect(budget(100)).toBe(0);
    expect(budget(99.999_999)).toBe(25);
  });
});

describe('a month', () => {
  test.each([
    ['Europe/London', '2008-04', '2008-03-31T23:00:00Z', '2008-04-30T23:00:00Z'],
    ['Europe/London', '2008-03', '2008-03-01T00:00:00Z', '2008-03-31T23:00:00Z'],
    ['America/St_Johns', '2008-11', '2008-11-01T02:30:00Z', '2008-12-01T03:30:00Z'],
    // Samoa had no 30 December 2011; a month that begins on a day that is left out begins with the next one.
    ['Pacific/Apia', '2011-12', '2011-12-01T10:00:00Z', '2011-12-31T10:00:00Z'],
    ['UTC', '2008-12', '2008-12-01T00:00:00Z', '2009-01-01T00:00:00Z'],
  ])('of %s, %s, is %s to %s', (timeZone, month, from, to) => {
    const span = monthSpan(timeZone, month);
    expect([new Date(span.from).toISOString(), new Date(span.to).toISOString()].map(withoutMs)).toEqual([from, to]);
    expect(monthsOf(timeZone, span)).toEqual([month]);
    expect(monthsOf(timeZone, { from: span.from - 1, to: span.to + 1 })).toHaveLength(3);
  });
  const withoutMs = (text: string) => text.replace('.000Z', 'Z');
});

test.each([
  [{ part: 999_999, of: 1_000_000 }, '99.9999 %'],
  [{ part: 9_999_999, of: 10_000_000 }, '99.9999 %'],
  [{ part: 1, of: 1 }, '100.0000 %'],
  [{ part: 0, of: 5 }, '0.0000 %'],
  [{ part: 0, of: 0 }, '-'],
])('a percentage is cut off, never rounded up: %o is %s', (ratio, text) => {
  expect(percentText(ratio)).toBe(text);
});
