import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { account } from '../../../../src/core/sla/accounting/account.ts';
import type { Maintenance } from '../../../../src/core/sla/accounting/exclusion.ts';
import { measured, type OutageRow } from '../../../../src/core/sla/accounting/outage-row.ts';
import type { Contract, DayHours, Weekday } from '../../../../src/core/sla/contract.ts';
import { minute } from '../../../../src/core/units.ts';
import { aContract } from '../facts.ts';
import { countMinutes } from './by-the-minute.ts';

const hour = 60 * minute;
const day = 24 * hour;

/** Where clocks do what people do not expect; the instant is shortly before. */
const clockChanges: readonly (readonly [says: string, timeZone: string, around: string])[] = [
  ['summer time begins', 'Europe/London', '2008-03-29T00:00Z'],
  ['summer time ends', 'Europe/London', '2008-10-25T00:00Z'],
  ['clocks go back at one minute past midnight, in a zone of half hours', 'America/St_Johns', '2008-11-01T00:00Z'],
  ['clocks change by half an hour', 'Australia/Lord_Howe', '2008-04-04T00:00Z'],
  ['a whole day is left out', 'Pacific/Apia', '2011-12-29T00:00Z'],
  ['nothing changes', 'UTC', '2008-02-28T00:00Z'],
];

const dayHours: fc.Arbitrary<readonly DayHours[]> = fc
  .uniqueArray(fc.integer({ min: 0, max: 96 }), { maxLength: 4 })
  .map((quarters) => quarters.toSorted((a, b) => a - b).map((quarter) => quarter * 15))
  .map((minutes) =>
    Array.from({ length: Math.floor(minutes.length / 2) }, (_, at) => ({
      fromMinute: minutes[2 * at] ?? 0,
      toMinute: minutes[2 * at + 1] ?? 0,
    })),
  );
const weekday: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const serviceHours: fc.Arbitrary<Contract['serviceHours']> = fc.oneof(
  fc.constant({ kind: 'always' } as const),
  fc.tuple(...weekday.map(() => dayHours)).map((hours) => ({
    kind: 'weekly' as const,
    days: Object.fromEntries(weekday.map((name, at) => [name, hours[at] ?? []])) as Record<
      Weekday,
      readonly DayHours[]
    >,
  })),
);

/** Whole minutes, from two days before to six after. */
const instant = (around: number) => fc.integer({ min: -2 * 1440, max: 6 * 1440 }).map((at) => around + at * minute);
const interval = (around: number, longestMinutes: number) =>
  fc
    .tuple(instant(around), fc.integer({ min: 0, max: longestMinutes }))
    .map(([from, minutes]) => ({ from, to: from + minutes * minute }));

const row = (around: number): fc.Arbitrary<OutageRow> =>
  fc
    .tuple(
      interval(around, 2_000),
      fc.constantFrom('up', 'up', 'up', 'degraded', 'planned', 'down'),
      fc.constantFrom(null, null, ['berkshire'], ['wexham'], ['elsewhere']),
      fc.constantFrom('standby', 'standby', 'leader', 'observer', 'person'),
    )
    .map(([span, state, sites, by]) => ({ ...span, state, sites, by }));

const announcement = (around: number): fc.Arbitrary<Maintenance> =>
  fc
    .tuple(
      interval(around, 600),
      fc.integer({ min: 0, max: 4 * 24 }),
      fc.option(instant(around), { nil: null, freq: 4 }),
    )
    .map(([span, hoursAhead, cancelledAt]) => ({
      ...span,
      id: 'm',
      announcedAt: span.from - hoursAhead * hour,
      cancelledAt,
    }));

const maintenanceRule = fc.option(
  fc.record({
    noticeDays: fc.integer({ min: 0, max: 3 }),
    capMsPerMonth: fc.integer({ min: 0, max: 300 }).map((n) => n * minute),
  }),
  { nil: null },
);

describe('the account of a contract is that of a clerk who looks at every minute', () => {
  test.each(clockChanges)('where %s (%s)', (_says, timeZone, text) => {
    const around = Date.parse(text);
    const holiday = fc.record({
      date: fc.constantFrom(...[0, 1, 2].map((n) => new Date(around + n * day).toISOString().slice(0, 10))),
      hours: dayHours,
    });
    fc.assert(
      fc.property(
        fc.record({
          serviceHours,
          sites: fc.constantFrom(['berkshire'], ['berkshire', 'wexham']),
          holidays: fc.uniqueArray(holiday, { maxLength: 2, selector: ({ date }) => date }),
          maintenance: maintenanceRule,
          rows: fc.array(row(around), { maxLength: 8 }),
          announced: fc.array(announcement(around), { maxLength: 3 }),
          asked: interval(around, 5 * 1440),
          asOf: fc.oneof(instant(around), fc.constant(around + 30 * day)),
        }),
        ({ serviceHours, sites, holidays, maintenance, rows, announced, asked, asOf }) => {
          fc.pre(asked.from < asked.to);
          const contract = aContract({ timeZone, serviceHours, sites, holidays, exclusions: { maintenance } });
          const facts = { measured: measured(rows, contract.sites), maintenance: announced, asOf };
          const clerk = countMinutes(contract, asked, { rows, maintenance: announced, asOf });
          const inMs = Object.fromEntries(Object.entries(clerk).map(([name, n]) => [`${name}Ms`, n * minute]));
          expect(account(contract, asked, facts)).toMatchObject(inMs);
        },
      ),
      { numRuns: 100 },
    );
  });
});
